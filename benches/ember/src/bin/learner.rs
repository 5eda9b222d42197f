//! A member that starts empty beside a master with 100 MB of state: how long until it is in sync, and how long calls to the master take
//! meanwhile; and what a read at a member costs beside a plain local call.
//! `cargo run --release --manifest-path benches/Cargo.toml -p bench-ember --bin learner`

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    process::{Child, Command, ExitCode, Stdio, id},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ember::{Role, prelude::*, registry::Embedded};

/// 100 MB in values of 1 KiB.
const VALUES: u64 = 100_000;
const BYTES: usize = 1_000;
/// Values of one commit while the state is made.
const AT_ONCE: u64 = 500;
/// The bars.
const IN_SYNC: Duration = Duration::from_secs(3);
const SLOWEST: Duration = Duration::from_millis(50);

#[message]
#[derive(Default)]
struct Values(BTreeMap<u64, Vec<u8>>);

#[service(elected)]
#[derive(Default)]
struct Store;

#[message]
struct Put {
    key: u64,
    value: Vec<u8>,
}

impl Replicated for Store {
    type State = Values;
    type Entry = Put;
    type Output = ();

    fn apply(state: &mut Values, entry: &Put) {
        state.0.insert(entry.key, entry.value.clone());
    }
}

#[rpc]
impl Store {
    pub(crate) async fn rpc_fill(&mut self, cx: &mut Cx<'_, Self>, from: u64) {
        cx.commit_all((from..from + AT_ONCE).map(|key| Put { key, value: vec![7; BYTES] }));
    }

    pub(crate) async fn rpc_put(&mut self, cx: &mut Cx<'_, Self>, key: u64, value: Vec<u8>) {
        cx.commit(Put { key, value });
    }

    #[rpc(read)]
    pub(crate) async fn rpc_len(&self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.state().0.len() as u64
    }
}

#[service]
#[derive(Default)]
struct Plain(BTreeMap<u64, Vec<u8>>);

#[rpc]
impl Plain {
    pub(crate) async fn rpc_len(&self) -> u64 {
        self.0.len() as u64
    }
}

fn member(cluster: &str, name: &str) -> Result<Child, Box<dyn Error>> {
    let mut command = Command::new(env::current_exe()?);
    Ok(command.args([cluster, name]).stdin(Stdio::null()).spawn()?)
}

async fn host(cluster: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let node = Node::builder().name(name).cluster(cluster).registry(Embedded::default()).service(Store).start().await?;
    Ok(node.run().await?)
}

/// Commits one after the other until it is told to end: the longest, and how many.
async fn writes(store: StoreClient, ended: Arc<AtomicBool>) -> (Duration, u64) {
    let (mut longest, mut count) = (Duration::ZERO, 0);
    while !ended.load(Ordering::Relaxed) {
        let made = Instant::now();
        store.rpc_put(count % VALUES, vec![8; BYTES]).await.expect("the master serves");
        longest = longest.max(made.elapsed());
        count += 1;
    }
    (longest, count)
}

/// The time of one call of many.
async fn each<E: Error + 'static>(call: impl AsyncFn() -> Result<u64, E>) -> Result<Duration, Box<dyn Error>> {
    const CALLS: u32 = 1_000_000;
    let begun = Instant::now();
    for _ in 0..CALLS {
        call().await?;
    }
    Ok(begun.elapsed() / CALLS)
}

async fn measure() -> Result<bool, Box<dyn Error>> {
    let cluster = format!("learner-{}", id());
    let node = Node::builder().name("caller").cluster(&*cluster).registry(Embedded::default()).start().await?;
    let first = member(&cluster, "first")?;
    let store = node.client::<StoreClient>();
    node.wait_for_view(|view| view.instances().iter().any(|it| it.role() == Some(Role::Master))).await;
    store.rpc_fill(0).timeout(Duration::from_secs(30)).await?;
    for from in (AT_ONCE..VALUES).step_by(AT_ONCE as usize) {
        store.rpc_fill(from).await?;
    }
    let alone = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(writes(store.clone(), Arc::clone(&alone)));
    tokio::time::sleep(Duration::from_secs(2)).await;
    alone.store(true, Ordering::Relaxed);
    let (longest, count) = writer.await?;
    println!("a master alone: {count} commits one after the other in 2 s, the longest took {longest:?}");

    let mut members = vec![first];
    let mut in_time = true;
    for (name, from) in [("second", "the master, which is alone"), ("third", "a slave")] {
        let ended = Arc::new(AtomicBool::new(false));
        let writer = tokio::spawn(writes(store.clone(), Arc::clone(&ended)));
        members.push(member(&cluster, name)?);
        let wanted = members.len();
        node.wait_for_view(|view| view.instances().iter().filter(|it| it.role().is_some()).count() == wanted).await;
        let seen = Instant::now();
        let pids: Vec<_> = node.view().instances().iter().map(|it| it.pid()).collect();
        for pid in pids {
            while node.select::<StoreClient>().pid(pid).client().rpc_len().await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let took = seen.elapsed();
        ended.store(true, Ordering::Relaxed);
        let (longest, count) = writer.await?;
        println!("learning from {from}: in sync {took:?} after it was seen (bar {IN_SYNC:?})");
        println!("    meanwhile {count} commits one after the other, the longest took {longest:?} (bar {SLOWEST:?})");
        in_time &= took <= IN_SYNC && longest <= SLOWEST;
    }
    for mut child in members {
        child.kill()?;
        child.wait()?;
    }
    node.shutdown().await?;
    reads().await?;
    Ok(in_time)
}

/// A read at a master on this node, beside a call to a service without state of the group's.
async fn reads() -> Result<(), Box<dyn Error>> {
    let node = Node::builder().service(Store).service(Plain::default()).start().await?;
    let (store, plain) = (node.client::<StoreClient>(), node.client::<PlainClient>());
    store.rpc_put(1, Vec::new()).timeout(Duration::from_secs(30)).await?;
    for _ in 0..3 {
        let (local, read) = (each(async || plain.rpc_len().await).await?, each(async || store.rpc_len().await).await?);
        println!("a local call: {local:?}; a read of replicated state on this node: {read:?}");
    }
    node.shutdown().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    if let [cluster, name] = &args[..] {
        host(cluster, name).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if args == ["reads"] {
        reads().await?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(if measure().await? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
