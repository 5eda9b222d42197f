//! What many hands are good for: one state beside many shards, and beside workers that share it; and ractor's factory, with as many workers as there are shards.
//! `cargo run --release --manifest-path benches/Cargo.toml -p bench-hands`
//!
//! Each run is a process of its own, of half a second, and all are run once, then all again, five rounds. Shown are medians; a
//! ratio is the median of the ratios within each round. Sixty-four callers, each with a key of its own and one call at a time: 41 of 64 shards have one or more of the keys 0 to 63. Tokio's runtime has two workers.

mod factory;
mod load;
mod service;
mod table;

use std::{env, process::Command};

use load::{Measured, Work};

/// So many callers, shards, and workers of the factory.
const HANDS: u64 = 64;

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Exclusive,
    Sharded,
    Spread,
    Concurrent,
    Factory,
}

impl Who {
    const ALL: [Self; 5] = [Self::Exclusive, Self::Sharded, Self::Spread, Self::Concurrent, Self::Factory];

    fn name(self) -> &'static str {
        match self {
            Self::Exclusive => "Ember, exclusive",
            Self::Sharded => "Ember, 64 shards",
            Self::Spread => "Ember, 64 shards, a key in each",
            Self::Concurrent => "Ember, concurrent, 64 workers",
            Self::Factory => "ractor's factory, 64 workers",
        }
    }
}

async fn measure(who: Who, work: Work) -> Measured {
    match who {
        Who::Exclusive => service::exclusive(work).await,
        Who::Sharded => service::sharded(work).await,
        Who::Spread => service::spread(work).await,
        Who::Concurrent => service::concurrent(work).await,
        Who::Factory => factory::measure(work).await,
    }
}

/// Runs one in a process of its own.
fn run(who: Who, work: Work) -> Measured {
    let program = env::current_exe().expect("this program");
    let place = |of: usize| of.to_string();
    let who = Who::ALL.iter().position(|it| *it == who).map(place).expect("all are in the list");
    let work = Work::ALL.iter().position(|it| *it == work).map(place).expect("all are in the list");
    let output = Command::new(program).args([who, work]).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Measured::read(&String::from_utf8_lossy(&output.stdout)).expect("two numbers")
}

fn main() {
    let arguments: Vec<usize> = env::args().skip(1).map(|it| it.parse().expect("a number")).collect();
    if let [who, work] = arguments[..] {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let measured = runtime.expect("a runtime").block_on(measure(Who::ALL[who], Work::ALL[work]));
        return println!("{measured}");
    }
    let rounds = *arguments.first().unwrap_or(&5);
    let rows: Vec<(Work, Who)> = Work::ALL.into_iter().flat_map(|work| Who::ALL.map(|who| (work, who))).collect();
    let rounds: Vec<Vec<Measured>> =
        (0..rounds).map(|_| rows.iter().map(|(work, who)| run(*who, *work)).collect()).collect();
    table::print(&rows, &rounds);
}
