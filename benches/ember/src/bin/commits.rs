//! What a commit costs: calls of 128 bytes to the master of a replicated service with one other member in sync, beside plain calls over the
//! same link, in the same run. With `--journal FOLDER` both have a journal there, and what is told is how many commits share a wait for the
//! disk. `cargo run --release --manifest-path benches/Cargo.toml -p bench-ember --bin commits`

use std::{
    env,
    error::Error,
    path::Path,
    process::{Child, Command, ExitCode, Stdio, id},
    sync::OnceLock,
    time::{Duration, Instant},
};

use ember::{Role, prelude::*, registry::Embedded};

const IN_FLIGHT: usize = 64;
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
const BYTES: usize = 128;
/// The bars: of plain calls, and of the time of one round.
const SHARE: f64 = 0.3;
const TIMES: f64 = 3.0;
/// The bar with a journal: so many commits for each wait, at each member.
const SHARED: f64 = 32.0;

/// That of a member's process.
static NODE: OnceLock<Node> = OnceLock::new();

/// What was written last.
#[message]
#[derive(Default)]
struct Last(Vec<u8>, u64);

#[service(elected)]
#[derive(Default)]
struct Writer;

impl Replicated for Writer {
    type State = Last;
    type Entry = Vec<u8>;
    type Output = u64;

    fn apply(state: &mut Last, entry: &Vec<u8>) -> u64 {
        state.0.clone_from(entry);
        state.1 += 1;
        state.1
    }
}

#[rpc]
impl Writer {
    pub(crate) async fn rpc_write(&mut self, cx: &mut Cx<'_, Self>, bytes: Vec<u8>) -> u64 {
        cx.commit(bytes)
    }

    pub(crate) async fn rpc_plain(&mut self, bytes: Vec<u8>) -> u64 {
        bytes.len() as u64
    }

    /// How often its journal has waited for the disk.
    #[rpc(read)]
    pub(crate) async fn rpc_syncs(&self, cx: &mut Cx<'_, Self>) -> u64 {
        NODE.get().and_then(|node| node.journal_syncs(cx.pid())).unwrap_or_default()
    }

    #[rpc(read)]
    pub(crate) async fn rpc_count(&self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.state().1
    }
}

/// Calls a second, and how long they took: half of them, and 99 of 100.
async fn round(writer: &WriterClient, commits: bool) -> (f64, Duration, Duration) {
    let begun = Instant::now();
    let callers: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let writer = writer.clone();
            tokio::spawn(async move {
                let mut took = Vec::new();
                while begun.elapsed() < ROUND {
                    let made = Instant::now();
                    let bytes = vec![7; BYTES];
                    let done = if commits { writer.rpc_write(bytes).await } else { writer.rpc_plain(bytes).await };
                    done.expect("an answer");
                    took.push(made.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for caller in callers {
        took.extend(caller.await.expect("a caller"));
    }
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    took.sort_unstable();
    (rate, took[took.len() / 2], took[took.len() * 99 / 100])
}

fn member(cluster: &str, name: &str, folder: Option<&Path>) -> Result<Child, Box<dyn Error>> {
    let mut command = Command::new(env::current_exe()?);
    command.args([cluster, name]).args(folder.map(|folder| folder.join(name)));
    Ok(command.stdin(Stdio::null()).spawn()?)
}

async fn host(cluster: &str, name: &str, folder: Option<&str>) -> Result<(), Box<dyn Error>> {
    let hosted = Hosted::new(Writer);
    let hosted = match folder {
        Some(folder) => hosted.journal(folder),
        None => hosted,
    };
    let node =
        Node::builder().name(name).cluster(cluster).registry(Embedded::default()).service(hosted).start().await?;
    let _first = NODE.set(node.clone());
    Ok(node.run().await?)
}

/// What each member has committed, and how often its disk was waited for.
async fn syncs(node: &Node) -> Result<Vec<(u64, u64)>, Box<dyn Error>> {
    let mut counts = Vec::new();
    let members: Vec<_> = node.view().instances().iter().filter(|it| it.role().is_some()).map(|it| it.pid()).collect();
    for pid in members {
        let writer = node.select::<WriterClient>().pid(pid).client();
        counts.push((writer.rpc_count().await?, writer.rpc_syncs().await?));
    }
    Ok(counts)
}

/// How many commits share a wait, at each member.
async fn kept(node: &Node) -> Result<bool, Box<dyn Error>> {
    let writer = node.client::<WriterClient>();
    let mut least = f64::MAX;
    for _ in 0..ROUNDS {
        let before = syncs(node).await?;
        let (rate, half, most) = round(&writer, true).await;
        let shared: Vec<_> = syncs(node)
            .await?
            .iter()
            .zip(&before)
            .map(|(after, before)| (after.0 - before.0) as f64 / (after.1 - before.1).max(1) as f64)
            .collect();
        println!(
            "commits on disk: {rate:8.0} a second, p50 {half:?}, p99 {most:?}; for each fsync {shared:.0?} commits"
        );
        least = shared.into_iter().fold(least, f64::min);
    }
    println!("fewest commits for each fsync: {least:.0} (bar {SHARED})");
    Ok(least >= SHARED)
}

/// Until both answer what was committed.
async fn in_sync(node: &Node) -> Result<(), Box<dyn Error>> {
    loop {
        node.wait_for_view(|view| {
            let members = view.instances().iter().filter(|it| it.role().is_some());
            members.clone().count() == 2 && members.clone().any(|it| it.role() == Some(Role::Master))
        })
        .await;
        node.client::<WriterClient>().rpc_write(vec![1]).timeout(Duration::from_secs(30)).await?;
        let members: Vec<_> =
            node.view().instances().iter().filter(|it| it.role().is_some()).map(|it| it.pid()).collect();
        let mut answered = 0;
        for pid in members {
            answered += usize::from(node.select::<WriterClient>().pid(pid).client().rpc_count().await.is_ok());
        }
        if answered == 2 {
            return Ok(());
        }
    }
}

async fn measure(folder: Option<&Path>) -> Result<bool, Box<dyn Error>> {
    let cluster = format!("commits-{}", id());
    let node = Node::builder().name("caller").cluster(&*cluster).registry(Embedded::default()).start().await?;
    let mut members = [member(&cluster, "one", folder)?, member(&cluster, "two", folder)?];
    in_sync(&node).await?;
    if folder.is_some() {
        let is_good = kept(&node).await;
        for child in &mut members {
            child.kill()?;
            child.wait()?;
        }
        node.shutdown().await?;
        return is_good;
    }
    let writer = node.client::<WriterClient>();
    let single = {
        let begun = Instant::now();
        for _ in 0..1_000 {
            writer.rpc_plain(vec![7; BYTES]).await?;
        }
        begun.elapsed() / 1_000
    };
    println!("one plain call after the other: {single:?}");
    let mut shares = Vec::new();
    let mut slow = Vec::new();
    for _ in 0..ROUNDS {
        let (plain, half, most) = round(&writer, false).await;
        println!("plain calls:  {plain:8.0} a second, p50 {half:?}, p99 {most:?}");
        let (commits, half, most_of_commits) = round(&writer, true).await;
        println!(
            "commits:      {commits:8.0} a second, p50 {half:?}, p99 {most_of_commits:?}; {:.2} of plain calls",
            commits / plain
        );
        shares.push(commits / plain);
        slow.push(most_of_commits.as_secs_f64() / most.as_secs_f64());
    }
    shares.sort_by(f64::total_cmp);
    slow.sort_by(f64::total_cmp);
    let (share, times) = (shares[ROUNDS / 2], slow[ROUNDS / 2]);
    println!("median: {share:.2} of plain calls (bar {SHARE}); p99 {times:.1} times that of plain calls (bar {TIMES})");
    for child in &mut members {
        child.kill()?;
        child.wait()?;
    }
    node.shutdown().await?;
    Ok(share >= SHARE && times <= TIMES)
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let folder = match &args[..] {
        [option, folder] if option == "--journal" => Some(Path::new(folder).join(id().to_string())),
        [cluster, name, folder @ ..] => {
            host(cluster, name, folder.first().map(String::as_str)).await?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => None,
    };
    Ok(if measure(folder.as_deref()).await? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
