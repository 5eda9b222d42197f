//! A thousand replicated groups on three nodes, of which one is killed: how long until each has a master again that answers.
//! `cargo run --release --manifest-path benches/Cargo.toml -p bench-ember --bin groups [GROUPS]`

use std::{
    env,
    error::Error,
    process::{Child, Command, ExitCode, Stdio, id},
    time::{Duration, Instant},
};

use ember::{Role, prelude::*, registry::Embedded};
use futures_util::{StreamExt, stream};

const GROUPS: usize = 1_000;
const MEMBERS: [&str; 3] = ["one", "two", "three"];
/// The bar: the lease of a node, and two seconds.
const BAR: Duration = Duration::from_secs(7);
/// Calls that are made at the same time.
const IN_FLIGHT: usize = 64;

#[message]
#[derive(Default)]
struct Sum(u64);

#[service(elected)]
#[derive(Default)]
struct Counter;

impl Replicated for Counter {
    type State = Sum;
    type Entry = u64;
    type Output = u64;

    fn apply(state: &mut Sum, entry: &u64) -> u64 {
        state.0 += entry;
        state.0
    }
}

#[rpc]
impl Counter {
    pub(crate) async fn rpc_add(&mut self, cx: &mut Cx<'_, Self>, more: u64) -> u64 {
        cx.commit(more)
    }

    #[rpc(read)]
    pub(crate) async fn rpc_sum(&self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.state().0
    }
}

async fn host(cluster: &str, name: &str, groups: usize) -> Result<(), Box<dyn Error>> {
    let mut node = Node::builder().name(name).cluster(cluster).registry(Embedded::default());
    for group in 0..groups {
        node = node.service(Hosted::new(Counter).id(group));
    }
    Ok(node.start().await?.run().await?)
}

fn member(cluster: &str, name: &str, groups: usize) -> Result<Child, Box<dyn Error>> {
    let mut command = Command::new(env::current_exe()?);
    Ok(command.args([cluster, name, &groups.to_string()]).stdin(Stdio::null()).spawn()?)
}

fn group(node: &Node, group: usize) -> CounterClient {
    node.select::<CounterClient>().id(group.to_string()).client()
}

/// Adds one in this group, however often that has to be tried.
async fn added(node: &Node, of: usize) -> u64 {
    loop {
        if let Ok(sum) = group(node, of).rpc_add(1).timeout(Duration::from_secs(30)).await {
            return sum;
        }
    }
}

async fn measure(groups: usize) -> Result<bool, Box<dyn Error>> {
    let cluster = format!("groups-{}", id());
    let node = Node::builder().name("caller").cluster(&*cluster).registry(Embedded::default()).start().await?;
    let begun = Instant::now();
    let mut members = Vec::new();
    for name in MEMBERS {
        members.push(member(&cluster, name, groups)?);
    }
    node.wait_for_view(|view| view.instances().iter().filter(|it| it.role().is_some()).count() == groups * 3).await;
    println!("{groups} groups of three: {:?} until all are seen with their roles", begun.elapsed());
    stream::iter(0..groups)
        .for_each_concurrent(IN_FLIGHT, async |of| {
            added(&node, of).await;
        })
        .await;
    // All members answer: they are in sync.
    let pids: Vec<_> = node.view().instances().iter().map(|it| it.pid()).collect();
    stream::iter(pids)
        .for_each_concurrent(IN_FLIGHT, async |pid| {
            while node.select::<CounterClient>().pid(pid).client().rpc_sum().await.is_err() {}
        })
        .await;
    println!("{:?} until all are in sync", begun.elapsed());
    let victim = node.view().instances().iter().find(|it| it.role() == Some(Role::Master)).map(|it| it.pid().node);
    let masters = |node: &Node| {
        let view = node.view();
        view.instances().iter().filter(|it| it.role() == Some(Role::Master) && Some(it.pid().node) == victim).count()
    };
    let at = node.view().nodes().find(|it| Some(it.key) == victim).map(|it| it.name.clone());
    let at = MEMBERS.iter().position(|name| at.as_deref() == Some(name)).expect("a member");
    println!("the killed node had {} of the masters", masters(&node));
    members[at].kill()?;
    members[at].wait()?;
    let killed = Instant::now();
    let mut took: Vec<_> = stream::iter(0..groups)
        .map(|of| {
            let node = &node;
            async move {
                added(node, of).await;
                killed.elapsed()
            }
        })
        .buffer_unordered(groups)
        .collect()
        .await;
    took.sort_unstable();
    let last = took[took.len() - 1];
    println!("calls to all: p50 {:?}, the last answered {last:?} after the kill (bar {BAR:?})", took[took.len() / 2]);
    for child in &mut members {
        child.kill()?;
        child.wait()?;
    }
    node.shutdown().await?;
    Ok(last <= BAR)
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    if let [cluster, name, groups] = &args[..] {
        host(cluster, name, groups.parse()?).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let groups = args.first().map_or(Ok(GROUPS), |it| it.parse())?;
    Ok(if measure(groups).await? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
