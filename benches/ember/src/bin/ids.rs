//! What a unique id costs, beside an increment of an atomic counter in the same run: `cargo run --release --manifest-path
//! benches/Cargo.toml -p bench-ember --bin ids`. A node with a registry, so that the lease is looked at too.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use ember::{Node, registry::InProcess};

/// So many of each are made in a round: all rounds together stay below what a new slot can make before its clock has gone on.
const EACH: u32 = 1_000_000;
const ROUNDS: usize = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ember::Result<()> {
    let node = Node::builder().registry(InProcess::default()).start().await?;
    let (ids, counter) = (node.unique_ids(), AtomicU64::new(0));
    ids.next().await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..EACH {
            black_box(counter.fetch_add(1, Ordering::SeqCst));
        }
        let atomic = per(begun);
        let begun = Instant::now();
        for _ in 0..EACH {
            black_box(ids.try_next()?);
        }
        let at_once = per(begun);
        let begun = Instant::now();
        for _ in 0..EACH {
            black_box(ids.next().await?);
        }
        rounds.push([atomic, at_once, per(begun)]);
    }
    let names = ["atomic increment", "try_next()", "next().await"];
    println!("{:<17} {:>8} {:>14} {:>8}   (median of {ROUNDS} rounds of {EACH})", "", "ns", "a second", "ratio");
    for (place, name) in names.into_iter().enumerate() {
        let (ns, ratio) = (median(&rounds, |it| it[place]), median(&rounds, |it| it[place] / it[0]));
        println!("{name:<17} {ns:>8.1} {:>14.0} {ratio:>7.1}x", 1e9 / ns);
    }
    node.shutdown().await
}

/// Nanoseconds for each.
fn per(begun: Instant) -> f64 {
    begun.elapsed().as_nanos() as f64 / f64::from(EACH)
}

fn median(rounds: &[[f64; 3]], of: impl Fn(&[f64; 3]) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
