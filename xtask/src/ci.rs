//! Everything that must hold before a change is merged, in one command.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "it reports how long the steps took on a real clock; no simulation runs here"
)]

use std::time::Instant;

use crate::{codegen, examples, outside, shell, template, test, tidy};

/// Runs every step, also after one failed; names those that failed; prints the sum of the tests last.
pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::default();
    let mut sum = test::Summary::default();
    steps.step("tests", || {
        sum = test::run(&[], test::Scale::Usual)?;
        test::verdict(sum)
    });
    steps.step("format", || {
        shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))?;
        shell::run(shell::cargo(&["fmt", "--all", "--check"]).current_dir(shell::root().join("tools")))
    });
    steps.step("lints, all features", || clippy(&["--workspace", "--all-targets", "--all-features"]));
    steps.step("lints, default features", || clippy(&["-p", "ember", "-p", "ember-runtime", "--all-targets"]));
    steps.step("lints, feature embedded", || {
        clippy(&["-p", "ember", "-p", "ember-runtime", "--features", "ember/embedded"])
    });
    steps.step("lints, tools", || {
        shell::run(shell::tools_cargo(&["clippy", "--quiet", "--all-targets"])?.args(["--", "-D", "warnings"]))
    });
    steps.step("documentation", || {
        let mut doc = shell::cargo(&["doc", "--quiet", "--no-deps", "--workspace", "--all-features"]);
        shell::run(doc.env("RUSTDOCFLAGS", "-Dwarnings"))
    });
    steps.step("generated code", codegen::check);
    steps.step("lock files", lock_files);
    steps.step("tidy", tidy::check);
    steps.step("examples", || examples::run(&[]));
    steps.step("a crate outside", outside::check);
    steps.step("project to copy", template::check);

    println!("\nxtask: steps");
    for line in &steps.report {
        println!("{line}");
    }
    println!("\n{sum}");
    if steps.failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", steps.failed.join(", "))) }
}

fn clippy(what: &[&str]) -> Result<(), String> {
    shell::run(shell::cargo(&["clippy", "--quiet"]).args(what).args(["--", "-D", "warnings"]))
}

/// Each workspace's lock file has what its manifests ask for, also where nothing of it is built here.
fn lock_files() -> Result<(), String> {
    let manifests = [
        "Cargo.toml",
        "benches/Cargo.toml",
        "examples/template/Cargo.toml",
        "fuzz/Cargo.toml",
        "tests/loom/Cargo.toml",
        "tools/Cargo.toml",
    ];
    for manifest in manifests {
        shell::run(&mut shell::cargo(&["update", "--quiet", "--workspace", "--locked", "--manifest-path", manifest]))?;
    }
    Ok(())
}

#[derive(Default)]
struct Steps {
    report: Vec<String>,
    failed: Vec<&'static str>,
}

impl Steps {
    fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<(), String>) {
        println!("\nxtask: == {name}");
        let start = Instant::now();
        let done = work();
        let outcome = if done.is_ok() { "ok" } else { "FAILED" };
        self.report.push(format!("{outcome:>6}  {name} ({} s)", start.elapsed().as_secs()));
        if let Err(said) = done {
            eprintln!("error: {said}");
            self.failed.push(name);
        }
    }
}
