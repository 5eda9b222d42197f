//! Runs the examples, each to its end, as a reader of the documentation would.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::{etcd, shell};

const PACKAGE: &str = "ember-examples";
/// Those that are packages of their own, since their dependencies are nothing that the others should wait for.
const ALONE: &[&str] = &["fenced"];
/// What some of them need.
const FEATURES: &str = "etcd telemetry testing";
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);

/// Runs the named examples, or all; goes on after a failure, and names those that failed.
pub(crate) fn run(names: &[&str]) -> Result<(), String> {
    let all = list()?;
    let known: Vec<&str> = all.iter().map(String::as_str).chain(ALONE.iter().copied()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(format!("no example `{unknown}`; there are: {}", known.join(", ")));
    }
    shell::run(&mut shell::cargo(&["build", "--quiet", "--package", PACKAGE, "--features", FEATURES, "--examples"]))?;
    for package in ALONE {
        shell::run(&mut shell::cargo(&["build", "--quiet", "--package", package]))?;
    }
    // For the example that needs one. It ends with this function.
    let etcd = etcd::Server::start(&etcd::obtain()?)?;
    let mut failed = Vec::new();
    for name in known.iter().filter(|name| names.is_empty() || names.contains(name)) {
        println!("\nxtask: example {name}");
        let mut cargo = if ALONE.contains(name) {
            shell::cargo(&["run", "--quiet", "--package", name])
        } else {
            shell::cargo(&["run", "--quiet", "--package", PACKAGE, "--features", FEATURES, "--example", name])
        };
        if let Err(why) = run_one(cargo.env("EMBER_ETCD", etcd.url())) {
            println!("xtask: example {name}: {why}");
            failed.push(*name);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("examples that failed: {}", failed.join(", "))) }
}

fn run_one(command: &mut Command) -> Result<(), String> {
    let mut child = command.stdin(Stdio::null()).spawn().map_err(|error| format!("cargo did not start: {error}"))?;
    for _ in 0..PATIENCE.as_millis() / POLL.as_millis() {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(status.to_string()),
            Ok(None) => thread::sleep(POLL),
            Err(error) => return Err(error.to_string()),
        }
    }
    // On Unix `cargo run` becomes the example, so this is the example's own process.
    child
        .kill()
        .and_then(|()| child.wait())
        .map_err(|error| format!("did not end, and could not be killed: {error}"))?;
    Err(format!("did not end within {PATIENCE:?}"))
}

/// Cargo lists them when it is asked to run one without a name; reading its metadata would need a JSON parser.
fn list() -> Result<Vec<String>, String> {
    let said = shell::cargo(&["run", "--package", PACKAGE, "--example"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo did not start: {error}"))?;
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    if said.contains("No examples available") {
        return Ok(Vec::new());
    }
    let (_, names) =
        said.split_once("Available examples:").ok_or_else(|| format!("cargo lists no examples:\n{said}"))?;
    Ok(names.split_whitespace().map(str::to_owned).collect())
}
