//! Trials of real processes on a real etcd, which take too long for the tests, or need root: `cargo xtask soak restarts`, `faults`,
//! `networks` and `bank`. Called with a configuration, this program is one of the nodes that are tried.

mod arguments;
mod bank;
#[path = "../fault-node/service.rs"]
mod counter;
#[path = "../soak/dice.rs"]
#[expect(dead_code, reason = "here is one task, which needs no dice of another")]
mod dice;
mod faults;
mod kinds;
mod ledger;
mod load;
#[path = "../fault-node/log.rs"]
mod log;
mod namespaces;
mod networks;
mod node;
mod report;
mod restarts;
mod stage;
mod times;
mod vault;

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use ember_tests::{faults::Configuration, machine::commit};
use tokio::time::Instant;

use crate::{
    arguments::{Arguments, Trial},
    report::Report,
};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.first().map(|it| serde_json::from_str::<Configuration>(it)) {
        Some(Ok(configuration)) if configuration.cluster == bank::CLUSTER => {
            bank::process::run(configuration).map_err(|error| error.to_string())
        }
        Some(Ok(configuration)) => node::run(configuration).map_err(|error| error.to_string()),
        _ => arguments::read(words).and_then(|arguments| run(&arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            eprintln!("{said}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let (commit, begun) = (commit(), Instant::now());
    let (command, mut report) = match arguments.trial {
        Trial::Restarts => (
            format!("restarts --rate {} --rounds {}", arguments.rate, arguments.rounds),
            Report::new(&["restarted", "ended after", "all as before after", "failed calls"]),
        ),
        Trial::Faults => (
            format!("faults --seconds {} --seed {}", arguments.time.as_secs(), arguments.seed),
            Report::new(&["fault", "times", "over after, at most", "etcd right after", "slowest call", "failed calls"]),
        ),
        Trial::Bank => (
            format!(
                "bank --seconds {} --seed {} --members {} --lease {}",
                arguments.time.as_secs(),
                arguments.seed,
                arguments.members,
                arguments.lease.as_secs()
            ),
            Report::new(&["what is done to it", "times", "half: served again after", "nine of ten", "at most"]),
        ),
        Trial::Networks => ("networks".to_owned(), Report::new(&["fault", "measured", "slowest call", "failed calls"])),
    };
    // What a trial waits for in vain is a panic: the report says so.
    let ended = catch_unwind(AssertUnwindSafe(|| match arguments.trial {
        Trial::Restarts => restarts::run(arguments, &mut report),
        Trial::Faults => faults::run(arguments, &mut report),
        Trial::Bank => bank::run(arguments, &mut report),
        Trial::Networks => networks::run(&mut report),
    }));
    if let Err(panic) = ended {
        report.violation(message(&*panic));
    }
    let text = report.text(&command, begun.elapsed(), &commit);
    println!("{text}");
    if let Some(file) = &arguments.report {
        std::fs::write(file, &text)
            .map_err(|error| format!("the report could not be written to {}: {error}", file.display()))?;
    }
    match report.violations.len() {
        0 => Ok(()),
        some => Err(format!("{some} violations, see above")),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned())).unwrap_or_else(|| "a panic".into())
}
