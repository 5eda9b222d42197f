//! What the numbers depend on: the machine, the compiler, the versions.

use std::{fs, process::Command};

use crate::peers::FRAMEWORKS;

/// One line each.
pub(crate) fn facts() -> Vec<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown CPU");
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        format!("{cpus} CPUs, {}; load {} at the start", model.trim_start_matches([' ', '\t', ':']), load()),
        said(Command::new("rustc").arg("--version")),
        format!("Ember at {}", said(Command::new("git").args(["describe", "--always", "--dirty"]))),
        versions(),
    ]
}

/// The load average of the last minute.
pub(crate) fn load() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
}

fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    output.unwrap_or_default()
}

fn versions() -> String {
    let lock = include_str!("../../Cargo.lock");
    let mut names: Vec<&str> = FRAMEWORKS.iter().map(|framework| framework.versions).collect();
    names.sort_unstable();
    names.dedup();
    let version = |name: &str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        rest.split_once('"').map(|(version, _)| version)
    };
    let known: Vec<String> = names.iter().filter_map(|name| Some(format!("{name} {}", version(name)?))).collect();
    known.join(", ")
}
