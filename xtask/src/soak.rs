//! What takes longer than a test may, or needs root: churn, trials of real processes, the model of a replicated group, and the tests
//! with larger numbers.

use std::process::Command;

use crate::{etcd, shell, test};

const HELP: &str = "\
cargo xtask soak [--minutes N] [--seed N] [--report FILE]
    Churn for an hour in one process and its children, with flat memory: docs/src/soak.md.

cargo xtask soak faults [--minutes N | --seconds N] [--seed N] [--report FILE]
    Random faults for an hour, on five processes with an elected service among theirs and an etcd of three members: killed, frozen, cut
    off, restarted; etcd's members killed, its leader frozen, its quorum lost, its data lost or restored. Everything must be as before
    within 15 s after each, every call's outcome must be the truth, each epoch has one master, and a master whose time is over writes
    nothing. The report counts what was seen of each fault: docs/src/trials.md. The seed is printed.

cargo xtask soak restarts [--rate N] [--rounds N] [--report FILE]
    Five processes restarted one after the other, five times, under 5,000 calls a second, a fifth of them to an elected service, with the
    settings that a client has by itself: none may fail. Half a minute.

cargo xtask soak bank [--minutes N | --seconds N] [--members N] [--lease SECONDS] [--seed N] [--report FILE]
    A replicated bank, of whose five members one or some are killed every second for ten minutes, or stand still for longer than their
    lease. Somebody who has all that was acknowledged always lives: each transfer that was done is in the state at the end, once, none
    that was not is, the sum never changes on any member, all are equal, and the group serves again within a bound after each.

cargo xtask soak networks [--report FILE]
    Networks that are cut, in one direction or both, and slowed, between processes and between a process and etcd. Each process is in a
    network namespace of its own: needs root, and `ip` and `tc` (iproute2). Two minutes.

cargo xtask soak model [ARGS]
    What can happen to a replicated group, in every order within bounds, and on walks far beyond them: docs/src/model.md. A few minutes;
    `--scale N` looks at N times as much, `help` says what else there is.

cargo xtask soak tests [ARGS]
    The tests with larger numbers (EMBER_TEST_SCALE=10, unless it is set); etcd is away for 60 s. ARGS go to `cargo test`.

All but the last are release builds. Each fails if it has found anything that may not be. No part of CI, but for short runs of the first,
of `restarts`, of `bank` and of `model` among the tests.";

/// The task.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    match args {
        ["--help" | "-h" | "help", ..] => {
            println!("{HELP}");
            Ok(())
        }
        ["model", rest @ ..] => model(rest),
        ["tests", rest @ ..] => test::command(rest, test::Scale::Soak),
        _ => program(args),
    }
}

/// It stands in the workspace of tools, since it needs nothing of the runtime but one file.
fn model(args: &[&str]) -> Result<(), String> {
    let run = ["run", "--quiet", "--release", "--package", "model"];
    shell::run(shell::tools_cargo(&run)?.arg("--").args(args))
}

/// Builds the program and those that it starts as processes of their own, beside each other; runs it.
fn program(args: &[&str]) -> Result<(), String> {
    let trial = matches!(args, ["faults" | "restarts" | "networks" | "bank", ..]);
    let programs: &[&str] = if trial { &["trial"] } else { &["soak", "fault-node"] };
    let mut build = shell::cargo(&["build", "--release", "-p", "ember-tests", "--all-features"]);
    shell::run(build.args(programs.iter().flat_map(|program| ["--bin", program])))?;
    let mut soak = Command::new(shell::target().join("release").join(programs[0]));
    soak.current_dir(shell::root()).args(args);
    if trial {
        let etcd = etcd::obtain()?;
        soak.envs(etcd::environment()).env("EMBER_ETCD_BIN", &etcd.etcd).env("EMBER_TEST_ETCDCTL", &etcd.etcdctl);
    }
    shell::run(&mut soak)
}
