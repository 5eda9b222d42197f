//! A crate outside of this workspace, as a user's is: what it needs to build, and what it is told where something is missing.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::shell;

const MANIFEST: &str = r#"
[package]
name = "outside"
version = "0.1.0"
edition = "2024"

[features]
embedded = ["ember/embedded"]
etcd = ["ember/etcd"]

[dependencies]
ember = { path = "EMBER" }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[[bin]]
name = "cluster"
required-features = ["embedded"]

[[bin]]
name = "misuse"

[workspace]
"#;
/// Where there is nothing.
const NO_PROTOC: &str = "/nowhere/protoc";
/// What `misuse.rs` is told, each once.
const REFUSALS: [&str; 4] = [
    "error[E0277]: `Embedded` needs the feature `embedded` of `ember`, which is off",
    "error[E0277]: `Etcd` needs the feature `etcd` of `ember`, which is off",
    "error[E0277]: `.registry(…)` needs links between nodes, and the features of `ember` that bring them are off",
    "error[E0277]: this needs links between nodes, and the features of `ember` that bring them are off",
];

/// A cluster with the embedded registry builds and runs without `protoc`; what is missing is named.
pub(crate) fn check() -> Result<(), String> {
    let folder = write().map_err(|error| format!("the crate outside cannot be written: {error}"))?;
    let cargo = |args: &[&str]| {
        let mut cargo = shell::cargo(args);
        cargo.current_dir(&folder).env("PROTOC", NO_PROTOC).env("CARGO_TARGET_DIR", shell::users_target());
        cargo.stdin(Stdio::null());
        cargo
    };
    let said = shell::output(&mut cargo(&["run", "--quiet", "--features", "embedded", "--bin", "cluster"]))?;
    if said.trim() != "1 + 2 = 3" {
        return Err(format!("the cluster outside said {said:?}"));
    }
    let said = failure(&mut cargo(&["check", "--bin", "misuse"]))?;
    for refusal in REFUSALS {
        if said.matches(refusal).count() != 1 {
            return Err(format!("expected once: {refusal}\n{said}"));
        }
    }
    if said.matches("\nerror[").count() != REFUSALS.len() {
        return Err(format!("expected {} errors, no more:\n{said}", REFUSALS.len()));
    }
    let said = failure(&mut cargo(&["check", "--features", "embedded etcd", "--bin", "cluster"]))?;
    if !said.contains("the feature `etcd` of `ember` needs `protoc`") {
        return Err(format!("without `protoc` the build was to say so:\n{said}"));
    }
    println!("xtask: a crate outside: a cluster without `protoc`; {} features missed, each named", REFUSALS.len() + 1);
    Ok(())
}

/// Writes the crate down.
fn write() -> std::io::Result<PathBuf> {
    let folder = shell::target().join("outside");
    let programs = folder.join("src/bin");
    fs::create_dir_all(&programs)?;
    let ember = shell::root().join("ember").display().to_string().replace('\\', "/");
    fs::write(folder.join("Cargo.toml"), MANIFEST.replace("EMBER", &ember))?;
    // The versions that everything else is tested with.
    fs::copy(shell::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    fs::write(programs.join("cluster.rs"), include_str!("cluster.rs.txt"))?;
    fs::write(programs.join("misuse.rs"), include_str!("misuse.rs.txt"))?;
    Ok(folder)
}

/// What a program that is to fail writes to stderr.
fn failure(command: &mut Command) -> Result<String, String> {
    let done = command.output().map_err(|error| format!("`{}` did not start: {error}", shell::line(command)))?;
    if done.status.success() {
        return Err(format!("`{}` was to fail, and did not", shell::line(command)));
    }
    Ok(format!("\n{}", String::from_utf8_lossy(&done.stderr)))
}
