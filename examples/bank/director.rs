//! Starts the processes, moves money, kills, and counts.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ember::{Error, Result, Role, prelude::*, registry::Embedded};
use tokio::{
    process::{Child, Command},
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    bank::{ACCOUNTS, BankClient},
    statement::Statement,
};

const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];
const KILLS: usize = 5;
/// What is to happen happens in this time.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run() -> Result<()> {
    let cluster = format!("bank-{}", std::process::id());
    let lease = Duration::from_secs(2);
    let node = Node::builder()
        .name("teller")
        .cluster(&*cluster)
        .registry(Embedded::default())
        .lease(lease)
        .service_with(Statement::default)
        .start()
        .await?;
    let mut members = BTreeMap::new();
    for name in NAMES {
        members.insert(name, start(&cluster, name)?);
    }
    in_sync(&node).await?;
    let first = balances(&node).await?;
    let sum: u64 = first.iter().sum();
    println!("three processes, {} accounts, {sum} in all", first.len());

    let counts = Arc::new(Counts::default());
    let mut tellers = JoinSet::new();
    for number in 0..4 {
        tellers.spawn(Arc::clone(&counts).move_on(node.clone(), number));
    }
    for kill in 1..=KILLS {
        in_sync(&node).await?;
        let master = master(&node).await?;
        // Now and then one of the others.
        let victim =
            if kill % 3 == 0 { NAMES.into_iter().find(|it| *it != master).unwrap_or(NAMES[0]) } else { master };
        let moved = counts.moved.load(Ordering::Relaxed);
        if let Some(child) = members.get_mut(victim) {
            child.kill().await?;
        }
        let begun = Instant::now();
        counts.until_more_than(moved + 20).await?;
        println!(
            "SIGKILL to `{victim}`{}: money moves again after {:.1} s; {}",
            if victim == master { ", the master" } else { "" },
            begun.elapsed().as_secs_f64(),
            counts
        );
        members.insert(victim, start(&cluster, victim)?);
    }
    tellers.shutdown().await;
    in_sync(&node).await?;
    for member in
        &node.view().instances().iter().filter(|it| it.role().is_some()).map(|it| it.pid()).collect::<Vec<_>>()
    {
        let all = node.select::<BankClient>().pid(*member).client().rpc_balances().timeout(PATIENCE).await?;
        let now: u64 = all.iter().sum();
        println!("{member}: {now} in all");
        if now != sum {
            return Err(Error::other(format!("the sum was {sum}, and is {now} at {member}")));
        }
    }
    stated(&node).await?;
    for child in members.values_mut() {
        drop(child.stdin.take());
        let _ended = timeout(Duration::from_secs(5), child.wait()).await;
    }
    node.shutdown().await
}

/// Waits until the read model has come to what the bank has.
async fn stated(node: &Node) -> Result<()> {
    let bank = balances(node).await?;
    let told = async {
        loop {
            let (moves, balances) = node.local::<Statement>().api_balances().await?;
            if balances == bank {
                return Ok::<_, Error>(moves);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let moves = timeout(PATIENCE, told)
        .await
        .map_err(|_| Error::other("the read model does not come to what the bank has"))??;
    println!("the read model was told of {moves} moves, and comes to the same balances");
    Ok(())
}

fn start(cluster: &str, name: &str) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    Ok(command.args(["--member", cluster, name]).stdin(Stdio::piped()).kill_on_drop(true).spawn()?)
}

async fn balances(node: &Node) -> Result<Vec<u64>> {
    Ok(node.client::<BankClient>().rpc_balances().timeout(PATIENCE).await?)
}

/// Waits until three instances answer what is asked of each.
async fn in_sync(node: &Node) -> Result<()> {
    let caught_up = async {
        loop {
            node.wait_for_view(|view| view.instances().iter().filter(|it| it.role().is_some()).count() == NAMES.len())
                .await;
            let members: Vec<_> =
                node.view().instances().iter().filter(|it| it.role().is_some()).map(|it| it.pid()).collect();
            let mut all = 0;
            for pid in members {
                let asked =
                    node.select::<BankClient>().pid(pid).client().rpc_balances().timeout(Duration::from_secs(1));
                all += usize::from(asked.await.is_ok());
            }
            if all == NAMES.len() {
                return;
            }
        }
    };
    timeout(PATIENCE, caught_up).await.map_err(|_| Error::other("the three did not catch up"))
}

async fn master(node: &Node) -> Result<&'static str> {
    let mut found = None;
    let looked = node.wait_for_view(|view| {
        let master = view.instances().iter().find(|it| it.role() == Some(Role::Master));
        found = master.and_then(|it| NAMES.into_iter().find(|name| *name == it.node().name));
        found.is_some()
    });
    timeout(PATIENCE, looked).await.map_err(|_| Error::other("there is no master"))?;
    found.ok_or_else(|| Error::other("there is no master"))
}

/// How the moves of money ended.
#[derive(Default)]
struct Counts {
    moved: AtomicU64,
    short: AtomicU64,
    not_executed: AtomicU64,
    maybe_executed: AtomicU64,
}

impl Counts {
    async fn move_on(self: Arc<Self>, node: Node, number: u64) {
        let bank = node.client::<BankClient>();
        for step in number.. {
            let (from, to, amount) = (step % ACCOUNTS, (step * 7 + 3) % ACCOUNTS, step % 90 + 1);
            let count = match bank.rpc_move(from, to, amount).await {
                Ok(_) => &self.moved,
                Err(CallError::App(_)) => &self.short,
                Err(CallError::NotExecuted(_)) => &self.not_executed,
                Err(CallError::MaybeExecuted(_)) => &self.maybe_executed,
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn until_more_than(&self, moved: u64) -> Result<()> {
        let waited = async {
            while self.moved.load(Ordering::Relaxed) <= moved {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, waited).await.map_err(|_| Error::other("no money was moved any more"))
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [moved, short, refused, doubt] =
            [&self.moved, &self.short, &self.not_executed, &self.maybe_executed].map(|it| it.load(Ordering::Relaxed));
        write!(f, "{moved} moved, {short} without cover, {refused} not executed, {doubt} in doubt")
    }
}
