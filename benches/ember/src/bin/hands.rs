//! What several handlers at once bring, beside one at a time: the same calls to an exclusive service and to a concurrent one, in turns, in one
//! process of two threads: `cargo run --release --manifest-path benches/Cargo.toml -p bench-ember --bin hands -- 20000 5` (calls for each
//! round, and rounds). 64 callers, each with a key of its own.

use std::{
    env,
    hint::black_box,
    time::{Duration, Instant},
};

use ember::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use tokio::{task::JoinSet, time::sleep};

const CALLERS: u64 = 64;

#[rpc]
pub trait Work {
    /// Computes for so many rounds, then waits for so many microseconds.
    #[rpc(key = "key")]
    async fn rpc_work(&self, key: u64, rounds: u64, waits: u64) -> u64;
}

/// Some arithmetic that nobody can leave out.
fn compute(rounds: u64) -> u64 {
    (0..rounds).fold(1, |sum, number| black_box(sum).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(number))
}

async fn work(rounds: u64, waits: u64) -> u64 {
    let sum = compute(rounds);
    if waits > 0 {
        sleep(Duration::from_micros(waits)).await;
    }
    sum
}

#[service(implements(Work))]
#[derive(Default)]
struct Exclusive;

#[rpc]
impl Work for Exclusive {
    async fn rpc_work(&mut self, _key: u64, rounds: u64, waits: u64) -> u64 {
        work(rounds, waits).await
    }
}

#[service(concurrent, workers = 64, implements(Work))]
#[derive(Default)]
struct Concurrent;

#[rpc]
impl Work for Concurrent {
    async fn rpc_work(&self, _key: u64, rounds: u64, waits: u64) -> u64 {
        work(rounds, waits).await
    }
}

/// CPU time of the process.
fn used() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
}

/// Wall and CPU time for each call, in nanoseconds.
async fn round(client: &WorkClient, calls: u64, rounds: u64, waits: u64) -> [f64; 2] {
    let (began, before) = (Instant::now(), used());
    let callers: JoinSet<_> = (0..CALLERS)
        .map(|key| {
            let client = client.clone();
            async move {
                for _ in 0..calls / CALLERS {
                    client.rpc_work(key, rounds, waits).await.expect("it works");
                }
            }
        })
        .collect();
    callers.join_all().await;
    let made = (calls / CALLERS * CALLERS) as f64;
    [began.elapsed(), used() - before].map(|time| time.as_nanos() as f64 / made)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn compared(node: &Node, what: &str, (calls, turns): (u64, usize), rounds: u64, waits: u64) {
    let clients = ["Exclusive", "Concurrent"].map(|name| node.select::<WorkClient>().name(name).client());
    let mut seen = [[vec![], vec![]], [vec![], vec![]]];
    for _ in 0..turns {
        for (client, seen) in clients.iter().zip(&mut seen) {
            for (value, seen) in round(client, calls, rounds, waits).await.into_iter().zip(seen) {
                seen.push(value);
            }
        }
    }
    let [[wall, cpu], [wall_together, cpu_together]] = seen.map(|of| of.map(median));
    println!(
        "{what}: exclusive {:.2} µs, concurrent {:.2} µs a call: {:.2} times as fast; CPU {:.2} and {:.2} µs a call: {:.2} times",
        wall / 1e3,
        wall_together / 1e3,
        wall / wall_together,
        cpu / 1e3,
        cpu_together / 1e3,
        cpu_together / cpu,
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ember::Result<()> {
    let mut args = env::args().skip(1).map_while(|arg| arg.parse::<u64>().ok());
    let (calls, turns) = (args.next().unwrap_or(20_000), args.next().unwrap_or(5) as usize);
    let node = Node::builder().service(Exclusive).service(Concurrent).start().await?;
    let began = Instant::now();
    compute(10_000_000);
    let rounds = (20_000.0 / (began.elapsed().as_nanos() as f64 / 1e7)) as u64;
    compared(&node, "handlers that compute for 20 µs", (calls, turns), rounds, 0).await;
    compared(&node, "handlers that do nothing", (calls * 10, turns), 0, 0).await;
    compared(&node, "handlers that wait for 1 ms", (640, turns), 0, 1_000).await;
    node.shutdown().await
}
