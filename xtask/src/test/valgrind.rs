//! The tests that reach `unsafe` code, under valgrind.

use std::process::{Command, Stdio};

use crate::shell;

/// The test programs.
const REACH_UNSAFE: &[&str] = &["short_calls", "calls_order", "panics", "supervision"];

/// The task: fails on the first invalid access or leak of memory that is definitely lost.
pub(crate) fn command() -> Result<(), String> {
    let there = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        return Err("`valgrind` is not there: install it (Debian: `apt-get install valgrind`)".into());
    }
    let mut test = shell::cargo(&["test", "-p", "ember-tests"]);
    test.args(REACH_UNSAFE.iter().flat_map(|name| ["--test", name]));
    test.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", RUNNER)
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", RUNNER);
    // To find the names for a backtrace takes seconds here, and tests panic on purpose.
    test.env("EMBER_LOCAL_CALLS", "short").env("RUST_BACKTRACE", "0");
    shell::run(&mut test)
}

/// Threads of tokio that still run at the end, and what they hold, are no leak.
const RUNNER: &str = "valgrind --quiet --error-exitcode=97 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite";
