//! Starts the members, pays, does to the masters what may happen to them, and tells what it sees.

use std::{collections::BTreeMap, path::PathBuf, sync::atomic::Ordering, time::Duration};

use ember::{Error, Result, prelude::*};
use rustix::process::Signal;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};

use crate::{
    database::{Database, Sum},
    ledger::Receipt,
    payer::Payer,
    process::{Line, Process},
};

/// After this time without a sign of life another master is elected. Shorter than usual, so that nobody has to watch for long.
pub(crate) const LEASE: Duration = Duration::from_secs(3);
const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("fenced-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let (line, lines) = mpsc::channel(64);
    let cluster = format!("fenced-{}", std::process::id());
    let database = folder.join("till.db");
    let mut stage = Stage { begun: Instant::now(), cluster, database, members: BTreeMap::new(), lines, line };
    let outcome = tokio::select! {
        outcome = stage.play() => outcome,
        signal = tokio::signal::ctrl_c() => Ok(signal?),
    };
    drop(stage);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

struct Stage {
    begun: Instant,
    cluster: String,
    database: PathBuf,
    members: BTreeMap<&'static str, Process>,
    lines: mpsc::Receiver<Line>,
    line: mpsc::Sender<Line>,
}

impl Stage {
    async fn play(&mut self) -> Result<()> {
        let database = Database::open(&self.database).map_err(Error::other)?;
        database.create().map_err(Error::other)?;
        // The first node of the cluster hosts its registry. It is not one of those that are killed: `quickstart` shows that.
        let node = Node::builder().name("payer").cluster(&self.cluster).registry(Embedded::default()).lease(LEASE);
        let node = node.start().await?;
        for name in NAMES {
            self.start(name)?;
        }
        self.complete(&node).await?;
        let payer = Payer::start(&node, &self.database)?;
        let mut receipts = payer.receipts.clone();
        self.during("the first payment", another(&mut receipts, "")).await?;
        self.watch(1).await?;

        self.killed(&mut receipts, &node).await?;
        self.watch(1).await?;
        self.stopped(&mut receipts).await?;
        self.watch(1).await?;
        let failed = payer.books.failed();
        self.handed_over(&mut receipts).await?;
        self.watch(1).await?;
        if payer.books.failed() != failed {
            return Err(Error::other("calls failed while the office was handed over"));
        }
        self.say("no call failed meanwhile");

        let books = self.during("the last payments", payer.stop()).await??;
        let sum = Sum {
            payments: books.payments.load(Ordering::Relaxed),
            paid: books.paid.load(Ordering::Relaxed),
            balance: books.paid.load(Ordering::Relaxed),
        };
        let (unclear, found) = (books.unclear.load(Ordering::Relaxed), books.found.load(Ordering::Relaxed));
        self.say(&format!(
            "{unclear} calls may have run: {found} of these payments were in the database, the others were made again"
        ));
        let kept = database.sum().map_err(Error::other)?;
        if kept != sum {
            return Err(Error::other(format!("the payer says {sum:?}, and the database {kept:?}")));
        }
        self.say(&format!("{} payments, each once: the balance is {}, as was paid", sum.payments, sum.balance));
        self.close().await?;
        node.shutdown().await
    }

    /// Another takes over when the lease of a dead master has run out.
    async fn killed(&mut self, receipts: &mut Receipts, node: &Node) -> Result<()> {
        let master = self.master(receipts)?;
        self.member(master)?.child.kill().await?;
        self.members.remove(master);
        self.say(&format!("SIGKILL to `{master}`, the master; the lease of a node is {} s here", LEASE.as_secs()));
        let (next, took) = self.next(receipts, master).await?;
        self.say(&format!(
            "`{}` has taken over, {:.2} s after the kill, in epoch {}",
            next.by,
            took.as_secs_f64(),
            next.epoch
        ));
        self.start(master)?;
        self.complete(node).await
    }

    /// A master that stands still believes, when it goes on, that nothing has happened.
    async fn stopped(&mut self, receipts: &mut Receipts) -> Result<()> {
        let master = self.master(receipts)?;
        self.member(master)?.say("hold").await?;
        self.hear(master, "holds payment").await?;
        self.member(master)?.freeze()?;
        self.say(&format!("SIGSTOP to `{master}`, the master, which is about to write"));
        let (next, took) = self.next(receipts, master).await?;
        self.say(&format!(
            "`{}` has taken over, {:.2} s after the stop, in epoch {}",
            next.by,
            took.as_secs_f64(),
            next.epoch
        ));
        let former = self.member(master)?;
        former.say("go").await?;
        former.signal(Signal::CONT)?;
        self.say(&format!("SIGCONT to `{master}`, which goes on where it stood"));
        self.hear(master, &format!("refused: fenced at epoch {}", next.epoch)).await?;
        self.hear(master, &format!("slave; the epoch is {}", next.epoch)).await
    }

    /// A master that may say goodbye hands its office over before it ends.
    async fn handed_over(&mut self, receipts: &mut Receipts) -> Result<()> {
        let master = self.master(receipts)?;
        self.member(master)?.signal(Signal::TERM)?;
        self.say(&format!("SIGTERM to `{master}`, the master"));
        let (next, took) = self.next(receipts, master).await?;
        self.say(&format!(
            "`{}` has taken over, {} ms after the signal, in epoch {}",
            next.by,
            took.as_millis(),
            next.epoch
        ));
        let Some(mut process) = self.members.remove(master) else { return Err(Error::other("no such member")) };
        let status = self.during("the end of the former master", process.child.wait()).await??;
        if status.success() { Ok(()) } else { Err(Error::other(format!("`{master}` ended with {status}"))) }
    }

    fn start(&mut self, name: &'static str) -> Result<()> {
        self.say(&format!("starts `{name}`"));
        let process = Process::start(&self.cluster, name, &self.database, self.line.clone())?;
        self.members.insert(name, process);
        Ok(())
    }

    /// All members are there.
    async fn complete(&mut self, node: &Node) -> Result<()> {
        let count = NAMES.len();
        self.during("all members", node.wait_for_view(|view| view.instances().len() == count)).await.map(drop)
    }

    /// The name of the master, as the last receipt says.
    fn master(&self, receipts: &Receipts) -> Result<&'static str> {
        let last = receipts.borrow();
        let by = last.as_ref().map(|receipt| receipt.by.as_str());
        NAMES.into_iter().find(|name| Some(*name) == by).ok_or_else(|| Error::other("nobody has taken a payment"))
    }

    fn member(&mut self, name: &str) -> Result<&mut Process> {
        self.members.get_mut(name).ok_or_else(|| Error::other(format!("no member `{name}`")))
    }

    /// The first receipt of another master, and how long it took to come.
    async fn next(&mut self, receipts: &mut Receipts, master: &str) -> Result<(Receipt, Duration)> {
        let since = Instant::now();
        let next = self.during("another master", another(receipts, master)).await?;
        Ok((next, since.elapsed()))
    }

    /// Waits for a line of a member.
    async fn hear(&mut self, name: &str, part: &str) -> Result<()> {
        let heard = timeout(PATIENCE, async {
            while let Some(line) = self.lines.recv().await {
                let found = line.name == name && line.text.contains(part);
                self.tell(&line);
                if found {
                    return;
                }
            }
        });
        heard.await.map_err(|_| Error::other(format!("`{name}` did not say: {part}")))
    }

    /// Shows what the members say for some seconds.
    async fn watch(&mut self, seconds: u64) -> Result<()> {
        self.during("time", sleep(Duration::from_secs(seconds))).await
    }

    /// Shows what the members say, until something has happened.
    async fn during<T>(&mut self, what: &str, event: impl Future<Output = T>) -> Result<T> {
        let happens = timeout(PATIENCE, event);
        tokio::pin!(happens);
        loop {
            tokio::select! {
                happened = &mut happens => {
                    return happened.map_err(|_| Error::other(format!("gave up waiting for {what}")));
                }
                Some(line) = self.lines.recv() => self.tell(&line),
            }
        }
    }

    fn tell(&self, line: &Line) {
        self.say(&format!("  {:<6} {}", line.name, line.text));
    }

    fn say(&self, text: &str) {
        println!("{:5.2} s  {text}", self.begun.elapsed().as_secs_f64());
    }

    async fn close(&mut self) -> Result<()> {
        for member in self.members.values() {
            member.signal(Signal::TERM)?;
        }
        for (name, mut member) in std::mem::take(&mut self.members) {
            let status = self.during("the end of a member", member.child.wait()).await??;
            if !status.success() {
                return Err(Error::other(format!("`{name}` ended with {status}")));
            }
        }
        Ok(())
    }
}

type Receipts = watch::Receiver<Option<Receipt>>;

/// Waits for a receipt of another than `master`.
async fn another(receipts: &mut Receipts, master: &str) -> Receipt {
    match receipts.wait_for(|last| last.as_ref().is_some_and(|receipt| receipt.by != master)).await {
        Ok(receipt) => receipt.clone().expect("it was looked at"),
        // The payer has failed: its error is told when it is stopped.
        Err(_) => std::future::pending().await,
    }
}
