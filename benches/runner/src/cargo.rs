//! Runs cargo from within `cargo run`.

use std::{path::Path, process::Command, time::Instant};

/// Without what the cargo outside says about the runner: build scripts (ring's) that look at it would run anew each time.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO"));
    // A dependency may name a toolchain of its own, and a target folder elsewhere is below no file that names one.
    if let Some(toolchain) = option_env!("RUSTUP_TOOLCHAIN") {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    // It goes before what a manifest says.
    command.env_remove("CARGO_INCREMENTAL");
    for (name, _) in std::env::vars_os() {
        let about_runner = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"];
        if about_runner.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

/// How long a cargo command took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// By the clock on the wall.
    pub(crate) seconds: f64,
    /// CPU time of cargo and everything that it started: what other programs do on the machine matters less to it.
    pub(crate) cpu: f64,
}

/// Runs cargo in a folder, with a target folder in it.
pub(crate) fn clocked(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Taken, String> {
    let (start, used) = (Instant::now(), children_cpu());
    let status = command()
        .args(arguments)
        .arg("--quiet")
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .envs(environment.iter().copied())
        .status();
    match status {
        Ok(status) if status.success() => {
            Ok(Taken { seconds: start.elapsed().as_secs_f64(), cpu: children_cpu() - used })
        }
        other => Err(format!("cargo {arguments:?} in {}: {other:?}", folder.display())),
    }
}

/// CPU seconds of the children of this process that have ended, and of theirs.
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // Of `man 5 proc_pid_stat` the fields 16 and 17, in ticks of 10 ms; the third is the first after the name.
    let ticks: Option<f64> = fields.skip(13).take(2).map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks.unwrap_or(f64::NAN) / 100.0
}
