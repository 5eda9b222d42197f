//! Ten times as many calls as a service can take: what it still does, what its callers are told and how soon, whether the system lane
//! answers, and what it costs in memory. `cargo run --release --manifest-path benches/Cargo.toml -p bench-ember --bin overload`
//!
//! What a service does at its limit is measured in the same run, with a few callers that wait for their answers.

use std::{
    env,
    error::Error,
    fs,
    process::{Command, ExitCode, Stdio, id},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ember::{CallError, RefusedReason, prelude::*};
use tokio::time::{MissedTickBehavior, interval, sleep};

/// What one call is at work for.
const WORK: Duration = Duration::from_millis(1);
const TIMES: u32 = 10;
const LIMIT: Duration = Duration::from_secs(3);
const FLOOD: Duration = Duration::from_secs(10);
/// The bars: of what the service does at its limit, and of memory.
const GOODPUT: f64 = 0.8;
const MEMORY: u64 = 64 << 20;

#[service]
#[derive(Default)]
struct Worker;

#[rpc]
impl Worker {
    /// Computes.
    pub(crate) async fn rpc_compute(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < WORK {
            std::hint::spin_loop();
        }
    }

    /// Waits.
    pub(crate) async fn rpc_wait(&mut self) {
        sleep(WORK).await;
    }

    /// Answers before all others.
    #[rpc(priority = "system")]
    pub(crate) async fn rpc_ping(&mut self) {}
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Compute,
    Wait,
}

async fn call(client: &WorkerClient, kind: Kind) -> Result<(), CallError> {
    match kind {
        Kind::Compute => client.rpc_compute().await,
        Kind::Wait => client.rpc_wait().await,
    }
}

/// What became of the calls.
#[derive(Debug, Default)]
struct Seen {
    done: u64,
    /// How long it took to be told that there is no place.
    refused: Vec<Duration>,
    others: Vec<String>,
    pings: Vec<Duration>,
}

/// How many calls a second it answers when nobody presses.
async fn at_its_limit(client: &WorkerClient, kind: Kind) -> f64 {
    let over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (client, over) = (client.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                let mut done = 0_u64;
                while !over.load(Ordering::Relaxed) {
                    call(&client, kind).await.expect("an answer");
                    done += 1;
                }
                done
            })
        })
        .collect();
    let begun = Instant::now();
    sleep(LIMIT).await;
    over.store(true, Ordering::Relaxed);
    let mut done = 0;
    for caller in callers {
        done += caller.await.expect("a caller");
    }
    done as f64 / begun.elapsed().as_secs_f64()
}

/// So many calls a second, whether those before have ended or not.
async fn flood(client: &WorkerClient, kind: Kind, rate: f64) -> (Seen, Duration) {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let pings = tokio::spawn(pings(client.clone(), Arc::clone(&seen)));
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (begun, mut sent, mut calls) = (Instant::now(), 0_u64, tokio::task::JoinSet::new());
    while begun.elapsed() < FLOOD {
        ticks.tick().await;
        let due = (begun.elapsed().as_secs_f64() * rate) as u64;
        for _ in sent..due {
            let (client, seen) = (client.clone(), Arc::clone(&seen));
            calls.spawn(async move {
                let made = Instant::now();
                let ended = call(&client, kind).await;
                let mut seen = seen.lock().expect("a lock");
                match ended {
                    Ok(()) => seen.done += 1,
                    Err(error) if no_place(&error) => seen.refused.push(made.elapsed()),
                    Err(error) => seen.others.push(error.to_string()),
                }
            });
        }
        sent = due;
        while calls.try_join_next().is_some() {}
    }
    // What has a place is still done, and counts.
    while calls.join_next().await.is_some() {}
    let took = begun.elapsed();
    pings.abort();
    let seen = std::mem::take(&mut *seen.lock().expect("a lock"));
    (seen, took)
}

async fn pings(client: WorkerClient, seen: Arc<Mutex<Seen>>) {
    loop {
        let made = Instant::now();
        client.rpc_ping().await.expect("the system lane answers");
        seen.lock().expect("a lock").pings.push(made.elapsed());
        sleep(Duration::from_millis(50)).await;
    }
}

fn no_place(error: &CallError) -> bool {
    matches!(error, CallError::NotExecuted(why) if matches!(why.reason(), RefusedReason::MailboxFull { .. } | RefusedReason::LinkFull { .. }))
}

/// The memory that a process occupies, in bytes.
fn occupied(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default();
    pages * rustix::param::page_size() as u64
}

/// The most that a process occupies until it is told to stop looking.
async fn peak(process: u32, over: Arc<AtomicBool>) -> u64 {
    let mut most = 0;
    while !over.load(Ordering::Relaxed) {
        most = most.max(occupied(process));
        sleep(Duration::from_millis(20)).await;
    }
    most
}

fn quantile(of: &mut [Duration], part: f64) -> Duration {
    of.sort_unstable();
    of.get(((of.len() as f64 * part) as usize).min(of.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Tells it in a line; whether the bars are reached.
async fn measure(place: &str, client: &WorkerClient, kind: Kind, process: u32) -> bool {
    let limit = at_its_limit(client, kind).await;
    let (before, over) = (occupied(process), Arc::new(AtomicBool::new(false)));
    let looking = tokio::spawn(peak(process, Arc::clone(&over)));
    let (mut seen, took) = flood(client, kind, limit * f64::from(TIMES)).await;
    over.store(true, Ordering::Relaxed);
    let grown = looking.await.expect("the memory").saturating_sub(before);
    let goodput = seen.done as f64 / took.as_secs_f64();
    let refusals = seen.refused.len();
    println!(
        "{place:6} {:7} | {limit:7.0} | {goodput:7.0} = {:3.0} % | {refusals:8} refused: p50 {:?}, p99 {:?}, max {:?} | system lane: p99 {:?}, max {:?} | {:5} KiB | {} others",
        format!("{kind:?}").to_lowercase(),
        100.0 * goodput / limit,
        quantile(&mut seen.refused, 0.5),
        quantile(&mut seen.refused, 0.99),
        quantile(&mut seen.refused, 1.0),
        quantile(&mut seen.pings, 0.99),
        quantile(&mut seen.pings, 1.0),
        grown >> 10,
        seen.others.len(),
    );
    seen.others.dedup();
    seen.others.iter().take(3).for_each(|other| println!("       {other}"));
    goodput >= limit * GOODPUT && grown <= MEMORY
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Some(folder) = env::args().nth(1) {
        let node = Node::builder().name("worker").registry(Embedded::at(folder)).service(Worker).start().await?;
        node.run().await?;
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "           | at its limit, a second | done of {TIMES} times as many | refusals | system lane | more memory of its process"
    );
    let mut reached = true;
    let here = Node::builder().service(Worker).start().await?;
    for kind in [Kind::Compute, Kind::Wait] {
        reached &= measure("local", &here.client::<WorkerClient>(), kind, id()).await;
    }
    here.shutdown().await?;
    let folder = env::temp_dir().join(format!("ember-overload-{}", id()));
    let mut worker = Command::new(env::current_exe()?).arg(&folder).stdin(Stdio::null()).spawn()?;
    let caller = Node::builder().name("caller").registry(Embedded::at(&folder)).start().await?;
    caller.wait_for_view(|view| view.instances().len() == 1).await;
    for kind in [Kind::Compute, Kind::Wait] {
        reached &= measure("remote", &caller.client::<WorkerClient>(), kind, worker.id()).await;
    }
    worker.kill()?;
    worker.wait()?;
    caller.shutdown().await?;
    fs::remove_dir_all(folder)?;
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
