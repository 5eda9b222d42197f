//! The readers of bytes from outside under libFuzzer, which looks for inputs that run code which none before has run.
//!
//! `fuzz/` is built with the counters of LLVM's SanitizerCoverage, which the stable compiler can put in. Each reader begins with its
//! folder of `fuzz/corpus`, and with what earlier runs have found, which stays in `target/fuzz/found`.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::shell;

/// How long each reader runs, in minutes.
const MINUTES: u64 = 5;
/// One input may take so many seconds, and the process so many MiB of memory.
const LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=512"];
/// What tells libFuzzer which code an input has run, and what was compared there. Arithmetic is checked as in a build for tests.
const WATCHED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                       -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                       -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
                       -Cdebug-assertions -Coverflow-checks --cfg fuzzing";

/// What a run of one reader has come to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Run {
    executions: u64,
    /// Edges of the code, with the corpus of the repository and what was found before, and at the end.
    edges: (u64, u64),
    /// Inputs that were kept, each for code of its own.
    kept: u64,
    /// The memory of the process, in MiB: when it had read the corpus, and at the most.
    memory: (u64, u64),
}

/// The task: `[--reader NAME] [--minutes N]`.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let corpus = shell::root().join("fuzz/corpus");
    let readers = readers(&corpus)?;
    let (reader, minutes) = read(args, &readers)?;
    let program = build()?;
    let mut failed = Vec::new();
    println!(
        "| reader | executions | edges of the corpus, and at the end | inputs kept | MiB, and at most | |\n\
         | --- | --- | --- | --- | --- | --- |"
    );
    for reader in readers.iter().filter(|name| reader.is_none_or(|one| one == **name)) {
        let said = run(Path::new(&program), &corpus.join(reader), reader, minutes)?;
        match &said {
            Ok(run) => println!("{}", run.row(reader)),
            Err(said) => {
                println!("| {reader} | | | | | failed |");
                failed.push(format!("`{reader}`: {said}"));
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n\n")) }
}

/// The readers that have a corpus, which are all: `tests/tests/fuzz.rs` sees to it.
fn readers(corpus: &Path) -> Result<Vec<String>, String> {
    let said = |error: std::io::Error| format!("{}: {error}", corpus.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(corpus).map_err(said)? {
        names.push(entry.map_err(said)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn read<'a>(args: &[&'a str], readers: &[String]) -> Result<(Option<&'a str>, u64), String> {
    let (mut reader, mut minutes) = (None, MINUTES);
    for pair in args.chunks(2) {
        match pair {
            ["--reader", name] if readers.iter().any(|reader| reader == name) => reader = Some(*name),
            ["--minutes", number] if number.parse().is_ok_and(|number: u64| number > 0) => {
                minutes = number.parse().unwrap_or(MINUTES);
            }
            _ => {
                return Err(format!(
                    "`{}` is not known: `--reader NAME` with one of {}; `--minutes N`, for each, {MINUTES} if not said",
                    pair.join(" "),
                    readers.join(", ")
                ));
            }
        }
    }
    Ok((reader, minutes))
}

/// Builds `fuzz/`; the path of its program.
fn build() -> Result<String, String> {
    let host = shell::host()?;
    let target = shell::target().join("fuzz/build");
    let flags = env::var("RUSTFLAGS").unwrap_or_default();
    // With `--target`, what runs while it is built is built without the counters.
    let mut cargo =
        shell::cargo(&["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host]);
    cargo.arg("--target-dir").arg(&target).env("RUSTFLAGS", format!("{flags} {WATCHED}").trim());
    cargo.env("CARGO_INCREMENTAL", "0").env_remove("CARGO_ENCODED_RUSTFLAGS");
    shell::run(&mut cargo)?;
    Ok(target.join(host).join("release/input").display().to_string())
}

/// Runs one reader to its end; what it has come to, or why libFuzzer has stopped before.
fn run(program: &Path, corpus: &Path, reader: &str, minutes: u64) -> Result<Result<Run, String>, String> {
    let home = shell::target().join("fuzz");
    let (found, failures) = (home.join("found").join(reader), home.join("failures"));
    for folder in [&found, &failures] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut fuzzer = Command::new(program);
    fuzzer.env("EMBER_INPUT", reader).args(LIMITS).arg("-print_final_stats=1");
    fuzzer.arg(format!("-max_total_time={}", minutes * 60));
    fuzzer.arg(format!("-artifact_prefix={}/{reader}-", failures.display())).arg(found).arg(corpus);
    let done = fuzzer.stdin(Stdio::null()).output();
    let done = done.map_err(|error| format!("`{}` did not start: {error}", program.display()))?;
    let said = String::from_utf8_lossy(&done.stderr);
    if done.status.success() {
        return Run::read(&said)
            .map(Ok)
            .ok_or_else(|| format!("`{reader}` ended without figures that could be read:\n{said}"));
    }
    let last: Vec<_> = said.lines().rev().take(40).collect();
    Ok(Err(last.into_iter().rev().collect::<Vec<_>>().join("\n")))
}

impl Run {
    /// Reads what libFuzzer writes: `#7 INITED cov: 120 ft: 300 corp: 6/300b exec/s: 0 rss: 44Mb`, and `stat::NAME: 7` at the end.
    fn read(said: &str) -> Option<Self> {
        let number = |text: &str, name: &str| -> Option<u64> {
            let (_, rest) = text.split_once(name)?;
            let digits = rest.trim_start().split(|letter: char| !letter.is_ascii_digit()).next()?;
            digits.parse().ok()
        };
        let line = |what: &str| said.lines().find(|line| line.starts_with('#') && line.contains(what));
        let (begun, ended) = (line("\tINITED")?, line("\tDONE")?);
        Some(Self {
            executions: number(said, "stat::number_of_executed_units:")?,
            edges: (number(begun, "cov:")?, number(ended, "cov:")?),
            kept: number(ended, "corp:")?,
            memory: (number(begun, "rss:")?, number(said, "stat::peak_rss_mb:")?),
        })
    }

    fn row(&self, reader: &str) -> String {
        let Self { executions, edges, kept, memory } = self;
        format!("| {reader} | {executions} | {}, {} | {kept} | {}, {} | |", edges.0, edges.1, memory.0, memory.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_or_explained() {
        let readers = ["link-frame".to_owned()];
        assert_eq!(read(&[], &readers), Ok((None, MINUTES)));
        assert_eq!(read(&["--minutes", "2", "--reader", "link-frame"], &readers), Ok((Some("link-frame"), 2)));
        for wrong in [&["--reader", "link"][..], &["--minutes", "0"], &["--minutes", "few"], &["--reader"], &["frame"]]
        {
            assert!(read(wrong, &readers).is_err_and(|said| said.contains("link-frame")), "{wrong:?}");
        }
    }

    #[test]
    fn figures_are_read_from_what_libfuzzer_writes() {
        let said = "INFO: seed corpus: files: 12\n#13\tINITED cov: 120 ft: 300 corp: 6/300b exec/s: 0 rss: 44Mb\n\
                    #90\tNEW    cov: 121 ft: 301 corp: 7/312b lim: 4 exec/s: 0 rss: 44Mb\n\
                    #99\tDONE   cov: 121 ft: 301 corp: 7/312b lim: 4 exec/s: 0 rss: 45Mb\nDone 99 runs in 1 second(s)\n\
                    stat::number_of_executed_units: 99\nstat::peak_rss_mb:              46\n";
        let run = Run { executions: 99, edges: (120, 121), kept: 7, memory: (44, 46) };
        assert_eq!(Run::read(said), Some(run));
        assert_eq!(Run::read("#13\tINITED cov: 120"), None);
    }
}
