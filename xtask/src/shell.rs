//! Starting other programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lives in a folder of the workspace")
}

/// Where cargo builds to, and where tools that were fetched are kept.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Where crates are built that stand outside of the workspace, as users' do.
pub(crate) fn users_target() -> PathBuf {
    target().join("users")
}

/// `cargo`, in the workspace, as if a person had typed it: what `cargo run` told *us* about our package is left out.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    command.current_dir(root()).args(args);
    command
}

/// `cargo` in the workspace of `tools/`. Builds to where `tools/protoc` builds to, so that nothing is built twice.
pub(crate) fn tools_cargo(args: &[&str]) -> Result<Command, String> {
    let host = host()?;
    let mut command = cargo(args);
    command.current_dir(root().join("tools")).args(["--locked", "--target", &host, "--target-dir"]);
    command.arg(target().join("tools"));
    Ok(command)
}

/// What this machine is to the compiler: `x86_64-unknown-linux-gnu`.
pub(crate) fn host() -> Result<String, String> {
    let said = output(Command::new("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("`rustc -vV` names no host")?;
    Ok(host.to_owned())
}

/// Runs a program to its end, and fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` failed: {status}", line(command))),
        Err(error) => Err(format!("`{}` did not start: {error}", line(command))),
    }
}

/// Runs a program to its end; returns what it wrote to stdout, or fails with what it wrote to stderr.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let done =
        command.stdin(Stdio::null()).output().map_err(|error| format!("`{}` did not start: {error}", line(command)))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(format!("`{}` failed: {}\n{}", line(command), done.status, String::from_utf8_lossy(&done.stderr)))
}

/// The command line, for messages.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

/// The first program of this name on the PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|program| program.is_file())
}
