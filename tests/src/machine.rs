//! What reports say of where they come from.

use std::process::Command;

/// The commit of the folder. Ask at the start: by the end of an hour it may be another.
pub fn commit() -> String {
    said("git", &["rev-parse", "--short=10", "HEAD"])
}

/// Whether this is a debug build.
pub fn profile() -> &'static str {
    if cfg!(debug_assertions) { "debug" } else { "release" }
}

/// The system, and the processors.
pub fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {processors} processors, {}", said("uname", &["-srm"]), model())
}

/// What Linux calls the processor.
fn model() -> String {
    let all = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = all.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    line.map_or("of a model that is not known", |(_, name)| name).to_owned()
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let text =
        output.ok().filter(|it| it.status.success()).map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
    text.unwrap_or_else(|| "unknown".into())
}
