//! Events of 128 bytes from one publisher to ten subscribers on each of two other nodes: Ember, and NATS core with a client in each
//! process. `cargo run --release --manifest-path benches/Cargo.toml -p bench-events`; it wants `nats-server` on the machine.
//!
//! Each run is of two seconds, in processes of its own. All are run once, then all again, five rounds. Shown are medians; a ratio is the median of the
//! ratios within each round. CPU time is that of all processes, with that of the server.

mod children;
mod nats;
mod node;
mod windows;

use std::{
    env,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use children::{Child, free_port};
use windows::{NODES, SUBSCRIBERS};

/// Who carries the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Ember,
    One,
    Ten,
}

impl Who {
    const ALL: [Self; 3] = [Self::Ember, Self::One, Self::Ten];

    fn name(self) -> &'static str {
        match self {
            Self::Ember => "Ember",
            Self::One => "NATS, a subscription for each process",
            Self::Ten => "NATS, ten subscriptions for each process",
        }
    }
}

/// Per delivery, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Measured {
    wall: f64,
    cpu: f64,
}

fn run(who: Who) -> Measured {
    let program = env::current_exe().expect("this program");
    let (mut children, address) = match who {
        Who::Ember => (Vec::new(), format!("127.0.0.1:{}", free_port())),
        Who::One | Who::Ten => {
            let (server, address) = nats::server();
            (vec![server], address)
        }
    };
    let place = Who::ALL.iter().position(|it| *it == who).expect("all are in the list").to_string();
    let of = |role: &str| {
        let mut command = Command::new(&program);
        command.args([role, &place, &address]);
        command
    };
    let (publisher, mut line) = Child::talking(&mut of("publisher")).expect("it starts");
    children.push(publisher);
    assert_eq!(line(), "here");
    for _ in 0..NODES {
        children.push(Child::start(&mut of("subscribers")).expect("it starts"));
    }
    let used = |children: &[Child]| children.iter().map(Child::used).sum::<f64>();
    assert_eq!(line(), "begin");
    let before = used(&children);
    let end = line();
    let used = used(&children) - before;
    let (time, events) = end.split_once(' ').expect("two numbers");
    let deliveries = events.parse::<f64>().expect("a number") * (NODES * SUBSCRIBERS) as f64;
    Measured { wall: time.parse::<f64>().expect("a number") / deliveries, cpu: used / deliveries }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [role, who, address] = &arguments[..] {
        let who = Who::ALL[who.parse::<usize>().expect("a number")];
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        return runtime.expect("a runtime").block_on(async {
            match (role.as_str(), who) {
                ("publisher", Who::Ember) => node::publisher(address).await,
                ("publisher", _) => nats::publisher(address).await,
                (_, Who::Ember) => node::subscribers(address).await,
                (_, Who::One) => nats::subscribers(address, 1).await,
                (_, Who::Ten) => nats::subscribers(address, SUBSCRIBERS).await,
            }
        });
    }
    let rounds = arguments.first().map_or(5, |it| it.parse().expect("a number of rounds"));
    let done = AtomicUsize::new(0);
    let runs: Vec<[Measured; 3]> = (0..rounds)
        .map(|_| {
            eprintln!("round {} of {rounds}", done.fetch_add(1, Ordering::Relaxed) + 1);
            Who::ALL.map(run)
        })
        .collect();
    println!("{rounds} rounds; per delivery\n");
    println!("{:<44} {:>9} {:>9} {:>24}", "", "wall, ns", "CPU, ns", "of Ember's: wall / CPU");
    for (place, who) in Who::ALL.iter().enumerate() {
        let [wall, cpu] = [|it: &Measured| it.wall, |it: &Measured| it.cpu];
        let beside =
            |number: fn(&Measured) -> f64| median(runs.iter().map(|run| number(&run[place]) / number(&run[0])));
        println!(
            "{:<44} {:>9.0} {:>9.0} {:>24}",
            who.name(),
            median(runs.iter().map(|run| wall(&run[place]))),
            median(runs.iter().map(|run| cpu(&run[place]))),
            format!("{:.2} / {:.2}", beside(wall), beside(cpu)),
        );
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}
