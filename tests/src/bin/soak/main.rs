//! Churn for an hour, or as long as is asked for: nodes, services, modules, watches and timers come and go, calls of all kinds
//! are dropped at every point, processes are killed. Fails if memory grows, if a call ends in a way that it may not, or if
//! anything hangs. `cargo xtask soak` runs it; its report is kept in `docs/src/soak.md`.

mod arguments;
mod calls;
mod children;
#[path = "../fault-node/service.rs"]
#[expect(dead_code, reason = "it runs in another process; here is its client")]
mod counter;
mod dice;
mod effects;
mod report;
mod round;
mod samples;
mod services;
mod stage;
mod tally;
mod unsafe_heap;

use std::{panic, process::ExitCode, time::Duration};

use tokio::time::Instant;

use crate::{
    arguments::Arguments,
    dice::Dice,
    samples::{BOUNDS, Sample},
    stage::Stage,
    tally::Tally,
};

#[global_allocator]
static HEAP: unsafe_heap::Heap = unsafe_heap::Heap;

/// How many samples of memory a run takes.
const SAMPLES: u32 = 120;
/// They are not closer than this.
const APART: Duration = Duration::from_secs(3);
/// A run has as many rounds at least, on a slow machine too: with the last of them comes a process.
const ROUNDS: u64 = 6;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(said) => {
            eprintln!("{said}");
            return ExitCode::FAILURE;
        }
    };
    println!("soak: {:?} with the seed {}", arguments.time, arguments.seed);
    let commit = ember_tests::machine::commit();
    quiet_about_planned_panics();
    let (tally, mut samples) = (Tally::default(), Vec::new());
    let mut failures: Vec<String> = churn(&arguments, &tally, &mut samples).await.err().into_iter().collect();
    failures.extend(tally.mistakes());
    failures.extend(verdict(&samples));
    let text = report::write(&arguments, &commit, &samples, &tally, &failures);
    println!("{text}");
    if let Some(file) = &arguments.report
        && let Err(error) = std::fs::write(file, &text)
    {
        failures.push(format!("the report could not be written to {}: {error}", file.display()));
    }
    for failure in &failures {
        eprintln!("soak: {failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Rounds, until the time is over; a sample of memory now and then.
async fn churn(arguments: &Arguments, tally: &Tally, samples: &mut Vec<Sample>) -> Result<(), String> {
    let begin = Instant::now();
    let apart = (arguments.time / SAMPLES).max(APART);
    let mut dice = Dice::new(arguments.seed);
    let stages = [Stage::in_memory().await?, Stage::embedded().await?];
    let (mut rounds, mut next) = (0, begin);
    loop {
        // Two on the registry in memory, one on the embedded one; a process now and then.
        round::run(&stages[usize::from(rounds % 3 == 2)], rounds, tally, &mut dice).await?;
        if rounds % 30 == 5 {
            children::run(&stages[1], rounds, tally, &mut dice).await?;
        }
        effects::look_back(tally);
        rounds += 1;
        let over = rounds >= ROUNDS && begin.elapsed() >= arguments.time;
        if Instant::now() >= next || over {
            for stage in &stages {
                stage.quiet().await?;
                stage.forget().await?;
            }
            samples.push(Sample::take(begin, rounds, (apart / 4).min(Duration::from_secs(3))).await);
            next = Instant::now() + apart;
        }
        if over {
            break;
        }
    }
    for stage in stages {
        stage.end().await?;
    }
    Ok(())
}

/// What is wrong with the samples, if anything is.
fn verdict(samples: &[Sample]) -> Vec<String> {
    let warm = samples::warm(samples);
    let [first, .., last] = warm else { return Vec::new() };
    let judged = BOUNDS.iter().map(|bound| (bound.what, bound.growth(warm), bound.most(warm)));
    let exceeded = judged.filter(|(_, grown, most)| *grown > *most as f64);
    let failures = exceeded.map(|(what, grown, most)| {
        let (rounds, sizes) = (samples::span(warm), samples::grown(first, last));
        format!("the live {what} grew by {grown:.0} in {rounds} rounds, {most} are allowed; there are more\n{sizes}")
    });
    failures.collect()
}

/// Services panic on purpose all the time.
fn quiet_about_planned_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&"on purpose") {
            usual(info);
        }
    }));
}
