//! Development tasks. Run `cargo xtask help`.

mod ci;
mod codegen;
mod etcd;
mod examples;
mod fuzz;
mod mutants;
mod outside;
mod planted;
mod shell;
mod soak;
mod template;
mod test;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test [ARGS]       every test, against a real etcd; ARGS go to `cargo test`: a filter, `-p CRATE`, `-- --nocapture`
cargo xtask soak [ARGS]       churn for an hour with flat memory, in a release build: `--minutes N`, `--seed N`, `--report FILE`
cargo xtask soak TRIAL        `faults`, `restarts`, `networks`, `bank`: trials of real processes; `model`: of the rules of replicated groups;
                              `tests`: the tests with larger numbers; `--help`
cargo xtask planted [NAMES]   bugs planted into the runtime, which `prove` must find; a build and ten minutes
cargo xtask mutants [ARGS]    small changes to the runtime, which tests must notice; hours: `--room NAME`, `--sample K/N`
cargo xtask fuzz [ARGS]       the readers of bytes from outside under libFuzzer, guided by coverage: `--reader NAME`, `--minutes N`
cargo xtask valgrind          the tests that reach `unsafe` code, under valgrind
cargo xtask examples [NAMES]  run every example, or those named
cargo xtask outside           a crate outside of this workspace: what it builds with, what it is told
cargo xtask template          lint and test the project to copy, `examples/template`
cargo xtask bench [ARGS]      the benchmark (`bench --help`): Ember beside its peers; minutes, and a quiet machine
cargo xtask codegen           generate Rust from `ember-runtime/proto`
cargo xtask codegen --check   fail if what is checked in differs from what would be generated
cargo xtask tidy              rules of this repository that no compiler checks
cargo xtask ci                all of it, with lints and documentation, as `.ci/run` does";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["test", rest @ ..] => test::command(rest, test::Scale::Usual),
        ["planted", names @ ..] => planted::command(names),
        ["mutants", rest @ ..] => mutants::command(rest),
        ["fuzz", rest @ ..] => fuzz::command(rest),
        ["valgrind"] => test::valgrind(),
        ["soak", rest @ ..] => soak::command(rest),
        ["examples", names @ ..] => examples::run(names),
        ["outside"] => outside::check(),
        ["template"] => template::check(),
        ["bench", rest @ ..] => bench(rest),
        ["codegen"] => codegen::write(),
        ["codegen", "--check"] => codegen::check(),
        ["tidy"] => tidy::check(),
        ["ci"] => ci::run(),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!("unknown task `{}`\n\n{HELP}", args.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            eprintln!("error: {said}");
            ExitCode::FAILURE
        }
    }
}

/// The peers are in the benchmark's own workspace, and built only here.
fn bench(args: &[&str]) -> Result<(), String> {
    let manifest =
        ["run", "--release", "--locked", "--manifest-path", "benches/Cargo.toml", "--package", "runner", "--"];
    shell::run(&mut shell::cargo(&[&manifest, args].concat()))
}
