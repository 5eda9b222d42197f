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

/// It needs the same crates with the same features as any user's, and others than the workspace here does.
fn cargo(args: &[&str]) -> Command {
    let mut command = shell::cargo(args);
    command.current_dir(shell::root().join(FOLDER)).env("CARGO_TARGET_DIR", shell::users_target());
    // It needs none, unless it is built for etcd.
    command.env("PROTOC", "/nowhere/protoc");
    command
}
