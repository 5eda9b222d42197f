//! What telemetry costs, on beside off in the same run: `cargo run --release --manifest-path benches/Cargo.toml -p bench-telemetry -- 15`, the number is that of
//! the rounds. A local call, a call between two nodes with 64 in flight, and a scrape of 10 services with 20 methods each.

mod many;

use std::{hint::black_box, time::Instant};

use ember::{prelude::*, registry::InProcess, telemetry::Telemetry};
use futures_util::future::join_all;
use rustix::time::{ClockId, clock_gettime};

/// So many local calls in a round, and between nodes.
const LOCAL: u32 = 1_000_000;
const REMOTE: u32 = 100_000;
const IN_FLIGHT: u32 = 64;

/// Answers at once.
#[service]
#[derive(Debug, Default)]
pub(crate) struct Adder;

#[rpc]
impl Adder {
    pub(crate) async fn rpc_sum(&mut self, a: i64, b: i64) -> i64 {
        a + b
    }
}

fn builder(on: bool) -> NodeBuilder {
    let builder = Node::builder();
    if on { builder.telemetry(Telemetry::default()) } else { builder }
}

/// Nanoseconds of CPU time of this process.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

async fn local(adder: &AdderClient) -> f64 {
    let begun = Instant::now();
    for number in 0..LOCAL {
        black_box(adder.rpc_sum(black_box(1), number.into()).await.expect("it answers"));
    }
    begun.elapsed().as_nanos() as f64 / f64::from(LOCAL)
}

async fn remote(adder: &AdderClient) -> f64 {
    let begun = cpu();
    let caller = async |_| {
        for number in 0..REMOTE / IN_FLIGHT {
            black_box(adder.rpc_sum(1, number.into()).await.expect("it answers"));
        }
    };
    join_all((0..IN_FLIGHT).map(caller)).await;
    (cpu() - begun) / f64::from(REMOTE)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ember::Result<()> {
    let rounds = std::env::args().nth(1).map_or(15, |rounds| rounds.parse().expect("a number of rounds"));
    let mut nodes = Vec::new();
    let mut clients = Vec::new();
    for on in [false, true] {
        let here = builder(on).service(Adder).start().await?;
        let registry = InProcess::default();
        let callee = builder(on).registry(registry.clone()).service(Adder).start().await?;
        let caller = builder(on).registry(registry).start().await?;
        caller.wait_for_view(|view| view.instances().len() == 1).await;
        clients.push((here.client::<AdderClient>(), caller.client::<AdderClient>()));
        nodes.extend([here, callee, caller]);
    }
    let mut taken = Vec::new();
    for round in 0..rounds {
        // Whoever comes second finds another processor, or a warmer one: each is first as often.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        let mut own = [[0.0; 2]; 2];
        for on in order {
            let (here, between) = &clients[on];
            own[on] = [local(here).await, remote(between).await];
        }
        taken.push(own);
    }
    println!("{rounds} rounds; medians");
    println!("{:<28} {:>9} {:>9} {:>12}", "", "off", "on", "difference");
    for (place, what) in ["a local call, ns", "between nodes, CPU ns"].into_iter().enumerate() {
        let [off, on] = [0, 1].map(|on| median(taken.iter().map(|own| own[on][place])));
        let more = median(taken.iter().map(|own| own[1][place] - own[0][place]));
        println!("{what:<28} {off:>9.1} {on:>9.1} {more:>+9.1} ns, {:+.1} %", more / off * 100.0);
    }
    for node in nodes {
        node.shutdown().await?;
    }
    many::scrape(rounds).await
}
