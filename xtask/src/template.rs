//! The project that users copy is built and tested as they would.

use std::process::Command;

use crate::shell;

const FOLDER: &str = "examples/template";

/// Formats (to see whether it would change anything), lints and tests the workspace of `examples/template`.
pub(crate) fn check() -> Result<(), String> {
    shell::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    shell::run(
        cargo(&["clippy", "--quiet", "--locked", "--workspace", "--all-targets"]).args(["--", "-D", "warnings"]),
    )?;
    shell::run(&mut cargo(&["test", "--quiet", "--locked", "--workspace"]))
}

/// It has a target folder of its own: other features of the same crates would be built anew each time.
fn cargo(args: &[&str]) -> Command {
    let mut command = shell::cargo(args);
    command.current_dir(shell::root().join(FOLDER)).env("CARGO_TARGET_DIR", shell::target().join("template"));
    // It needs none, unless it is built for etcd.
    command.env("PROTOC", "/nowhere/protoc");
    command
}
