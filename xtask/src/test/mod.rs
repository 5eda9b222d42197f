//! The test command: which runners there are, what they find in their environment, and their sum.

mod summary;
mod valgrind;
mod ways;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;

use crate::{etcd, shell};

pub(crate) use summary::Summary;
pub(crate) use valgrind::command as valgrind;

/// How much the tests that scale do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Usual,
    Soak,
}

/// The task: runs the tests, prints the sum alone on the last line, fails if a test failed.
pub(crate) fn command(args: &[&str], scale: Scale) -> Result<(), String> {
    let sum = run(args, scale)?;
    println!("\n{sum}");
    verdict(sum)
}

/// An error if a test failed, or if none ran.
pub(crate) fn verdict(sum: Summary) -> Result<(), String> {
    match sum {
        Summary { failed: 0, passed: 0, .. } => Err("no test ran".into()),
        Summary { failed: 0, .. } => Ok(()),
        Summary { failed, .. } => Err(format!("{failed} failed")),
    }
}

/// Runs the tests: unit, doc, integration and multi-process tests of the workspace with all features, and the UI tests beside them; then the crates
/// that users depend on with their default ones; then the behaviour of services in each of the ways in which local calls
/// can be run; then the build tools with the model, and loom. With `args`, the first of these only.
pub(crate) fn run(args: &[&str], scale: Scale) -> Result<Summary, String> {
    let programs = etcd::obtain()?;
    let server = etcd::Server::start(&programs)?;
    println!("xtask: etcd at {} ({})", server.url(), programs.etcd.display());
    let with_etcd = |command: &mut Command| {
        command.envs(etcd::environment()).env("EMBER_TEST_ETCD", server.url());
        command.env("EMBER_ETCD_BIN", &programs.etcd);
        command.env("EMBER_TEST_ETCDCTL", &programs.etcdctl);
        if scale == Scale::Soak && std::env::var_os("EMBER_TEST_SCALE").is_none() {
            command.env("EMBER_TEST_SCALE", "10");
        }
    };

    let beside = args.is_empty().then(|| {
        let mut compiler = said_by_the_compiler();
        with_etcd(&mut compiler);
        thread::spawn(move || hear(&mut compiler))
    });
    let mut sum = Summary::default();
    for mut runner in runners(args)? {
        with_etcd(&mut runner);
        sum += watch(&mut runner, |said| println!("{said}"))?;
    }
    if let Some(beside) = beside {
        let (said, summary) = beside.join().map_err(|_| "the tests beside the others panicked")??;
        println!("{said}");
        sum += summary;
    }
    if sum.ignored > 0 {
        println!("\nxtask: {} ignored", sum.ignored);
    }
    Ok(sum)
}

fn runners(args: &[&str]) -> Result<Vec<Command>, String> {
    let mut everything = shell::cargo(&["test", "--all-features", "--no-fail-fast"]);
    let before_dashes = args.split(|arg| *arg == "--").next().unwrap_or_default();
    if !before_dashes.iter().any(|arg| arg.starts_with("-p") || arg.starts_with("--package")) {
        everything.arg("--workspace");
    }
    everything.args(args);
    if !args.is_empty() {
        return Ok(vec![everything]);
    }
    everything.args(["--exclude", UI]);
    let defaults = shell::cargo(&["test", "--no-fail-fast", "-p", "ember", "-p", "ember-runtime"]);
    let tools = shell::tools_cargo(&["test", "--no-fail-fast", "-p", "protoc-shim", "-p", "model"])?;
    let mut runners = vec![everything, defaults];
    runners.extend(ways::runners());
    runners.extend([tools, loom()]);
    Ok(runners)
}

/// The package of what must not compile.
const UI: &str = "ember-ui-tests";

/// What the compiler says of misuse: minutes of one processor, while the other tests wait for most of their time. The whole workspace, so that what is built
/// for those is built no second time, with other features.
fn said_by_the_compiler() -> Command {
    shell::cargo(&["test", "--all-features", "--no-fail-fast", "--workspace", "--test", "ui", "--test", "unseen"])
}

/// Every order in which threads can meet where the runtime has `unsafe` code.
fn loom() -> Command {
    let mut loom = shell::cargo(&["test", "--manifest-path", "tests/loom/Cargo.toml", "--target-dir", "target/loom"]);
    // It takes the runtime's file, not the runtime: nothing else is shared with the workspace.
    loom.arg("--no-fail-fast");
    loom
}

/// The same as [`watch`], for one beside the others: what it says is said when they have ended.
fn hear(command: &mut Command) -> Result<(String, Summary), String> {
    let mut all = String::new();
    let summary = watch(command, |said| {
        all.push_str(said);
        all.push('\n');
    })?;
    Ok((all, summary))
}

/// Runs one `cargo test`, passing its output on, and adds up what its test programs say at their end.
fn watch(command: &mut Command, mut say: impl FnMut(&str)) -> Result<Summary, String> {
    let line = shell::line(command);
    say(&format!("\nxtask: {line}"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("`{line}` did not start: {error}"))?;
    let mut sum = Summary::default();
    for said in BufReader::new(child.stdout.take().expect("stdout is piped")).split(b'\n') {
        let said = said.map_err(|error| format!("`{line}`: {error}"))?;
        let said = String::from_utf8_lossy(&said);
        say(&said);
        if let Some(summary) = Summary::read(&said) {
            sum += summary;
        }
    }
    let status = child.wait().map_err(|error| format!("`{line}`: {error}"))?;
    if !status.success() && sum.failed == 0 {
        // It did not compile, or a test program died before it could count.
        say(&format!("xtask: `{line}` ended with {status} and names no failed test: counted as one"));
        sum.failed = 1;
    }
    Ok(sum)
}
