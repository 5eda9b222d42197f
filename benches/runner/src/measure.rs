//! Builds the binaries and runs them in turn.

use std::{
    collections::BTreeSet,
    io::Read,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use harness::Run;

use crate::{
    cargo, machine,
    options::Options,
    peers::Framework,
    plan::Plan,
    results::{Entry, Results, target, workspace},
    work::{Side, Work},
};

const TOO_LONG: Duration = Duration::from_secs(120);

/// The whole plan, round after round; what was measured is kept under `name` after each.
pub(crate) fn all(plan: &Plan, options: &Options, name: &str, counts: bool) -> Result<Results, String> {
    let packages: BTreeSet<&str> = plan.iter().map(|(_, framework)| framework.package).collect();
    for package in packages {
        build(package)?;
    }
    let mut results = Results { machine: machine::facts(), ..Results::default() };
    for round in 0..options.rounds {
        eprintln!("round {} of {}: {} runs; load {}", round + 1, options.rounds, plan.len(), machine::load());
        for (work, framework) in plan {
            // Counting slows down what it counts: these runs are apart.
            for counted in if round == 0 && counts { &[false, true][..] } else { &[false] } {
                let ms = if *counted { options.ms / 3 } else { options.ms };
                match once(work, framework, ms, *counted) {
                    Ok(run) => results.entries.push(Entry {
                        work: work.name.clone().into_owned(),
                        framework: framework.name.into(),
                        round,
                        run,
                    }),
                    Err(said) => {
                        eprintln!("{} {}: {said}", work.full_name(), framework.name);
                        results.failures.push(format!("{} {}: {said}", work.full_name(), framework.name));
                    }
                }
            }
        }
        results.save(name)?;
    }
    Ok(results)
}

/// Each package by itself: built together, the features that one asks for would reach the others.
fn build(package: &str) -> Result<(), String> {
    let built = cargo::command()
        .args(["build", "--release", "--locked", "--package", &format!("bench-{package}")])
        .current_dir(workspace())
        .env("CARGO_TARGET_DIR", target())
        .status();
    match built {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("bench-{package} did not build: {other:?}")),
    }
}

fn binary(package: &str) -> PathBuf {
    target().join("release").join(format!("bench-{package}"))
}

fn once(work: &Work, framework: &Framework, ms: usize, counted: bool) -> Result<Run, String> {
    let mut command = Command::new(binary(framework.package));
    let argument = |command: &mut Command, name: &str, value: String| {
        command.arg(name).arg(value);
    };
    argument(&mut command, "--workload", work.workload.to_string());
    argument(&mut command, "--workers", work.workers.to_string());
    argument(&mut command, "--in-flight", work.in_flight.to_string());
    argument(&mut command, "--payload", work.payload.to_string());
    argument(&mut command, "--services", work.services.to_string());
    argument(&mut command, "--nodes", work.nodes.to_string());
    if work.instances > 1 {
        argument(&mut command, "--instances", work.instances.to_string());
    }
    argument(&mut command, "--ms", ms.to_string());
    argument(&mut command, "--variant", framework.variant.to_owned());
    if work.side == Side::Remote {
        command.arg("--remote");
    }
    if work.same_cpu {
        argument(&mut command, "--pin", "0".to_owned());
    }
    if counted {
        command.arg("--count");
    }
    execute(command)
}

/// Runs a binary of the benchmark; its line.
fn execute(mut command: Command) -> Result<Run, String> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| error.to_string())?;
    if !ended(&mut child)? {
        return Err(format!("no result after {TOO_LONG:?}"));
    }
    let (mut said, mut errors) = (String::new(), String::new());
    child.stdout.take().map(|mut out| out.read_to_string(&mut said));
    child.stderr.take().map(|mut out| out.read_to_string(&mut errors));
    serde_json::from_str(said.trim()).map_err(|_| errors.lines().take(3).collect::<Vec<_>>().join(" / "))
}

/// Waits; what takes too long is killed. Its server, if it has one, then ends by itself.
fn ended(child: &mut Child) -> Result<bool, String> {
    let start = Instant::now();
    while start.elapsed() < TOO_LONG {
        if child.try_wait().map_err(|error| error.to_string())?.is_some() {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
    Ok(false)
}
