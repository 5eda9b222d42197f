//! P11 and P15: what Ember costs its users in build time. The programs that are built, the clocking of cargo, and the table; nothing of the
//! other bars.

mod programs;
mod timings;

use std::{fmt::Write as _, fs, path::PathBuf};

use crate::{
    cargo::{self, Taken},
    machine,
    options::Options,
    results::{target, workspace},
    statistics::{digits, median, range},
};
use programs::Program;

/// For hello, cold, on two cores.
const COLD: f64 = 90.0;
/// Each crate anew, with nothing kept from the last time.
const WHOLE: &[(&str, &str)] = &[("CARGO_INCREMENTAL", "0")];
/// As developers build: what is said nothing of is kept.
const KEPT: &[(&str, &str)] = &[];
/// Which of the programs of P15 the others are compared with: kameo's.
const PEER: usize = 2;
/// For a service of 20 methods.
const SERVICE: f64 = 1.5;

/// Builds, and says how long it took.
pub(crate) fn report(options: &Options) -> Result<String, String> {
    let mut text = String::new();
    for fact in machine::facts() {
        let _ = writeln!(text, "- {fact}");
    }
    let wants = |bar: &str| options.filter.is_empty() || options.filter == bar;
    if wants("P15") {
        edits(&mut text, options)?;
    }
    if !wants("P11") {
        return Ok(text);
    }
    service(&mut text, options)?;
    for program in [programs::hello(), programs::hello_in_a_cluster()] {
        cold(&mut text, &program)?;
    }
    Ok(text)
}

/// P15: the crate of a program as its author builds it, with what cargo keeps from one build to the next: from nothing, and after one
/// handler was edited.
fn edits(text: &mut String, options: &Options) -> Result<(), String> {
    let programs = [programs::ember(), programs::ember_of_many_types(), programs::kameo(), programs::ractor()];
    let mut taken: Vec<[Vec<f64>; 3]> = vec![Default::default(); programs.len()];
    for program in &programs {
        cargo::clocked(&write(program)?, &["build"], KEPT)?;
    }
    for round in 0..options.rounds {
        eprintln!("edits, round {} of {}; load {}", round + 1, options.rounds, machine::load());
        for (program, [whole, edit, size]) in programs.iter().zip(&mut taken) {
            let folder = write(program)?;
            cargo::clocked(&folder, &["clean", "--package", program.name], KEPT)?;
            whole.push(cargo::clocked(&folder, &["build"], KEPT)?.cpu);
            write(&program.edited(round))?;
            edit.push(cargo::clocked(&folder, &["build"], KEPT)?.cpu);
            let executable = folder.join("target/debug").join(program.name);
            size.push(fs::metadata(executable).map_or(f64::NAN, |it| it.len() as f64 / 1e6));
        }
    }
    text.push_str(
        "\n| P15: debug build of a service of 20 methods, each called | the crate, CPU s | one handler edited, CPU s | executable, MB |\n\
         | --- | --- | --- | --- |\n",
    );
    let middle = |of: &Vec<f64>| median(of).unwrap_or(f64::NAN);
    let beside = taken[PEER].each_ref().map(middle);
    for (program, taken) in programs.iter().zip(&taken) {
        let own = taken.each_ref().map(middle);
        let cells =
            own.iter().zip(beside).map(|(own, beside)| format!("{} ({} ×)", digits(*own), digits(own / beside)));
        let _ = writeln!(text, "| {} | {} |", program.title, cells.collect::<Vec<_>>().join(" | "));
    }
    let _ = writeln!(
        text,
        "\nIn brackets: beside {}; wanted are ≤ 1.5 ×, and ≤ 2 × for the executable.",
        programs[PEER].title
    );
    Ok(())
}

/// The crate itself, its dependencies built before, everything in it compiled anew.
fn service(text: &mut String, options: &Options) -> Result<(), String> {
    let programs = [programs::without_service(), programs::twenty_methods(), programs::twenty_methods_called()];
    let folder = write(&programs[0])?;
    cargo::clocked(&folder, &["build"], WHOLE)?;
    let mut taken: Vec<Vec<Taken>> = vec![Vec::new(); programs.len()];
    for round in 0..options.rounds {
        eprintln!("compile, round {} of {}; load {}", round + 1, options.rounds, machine::load());
        for (program, taken) in programs.iter().zip(&mut taken) {
            write(program)?;
            taken.push(cargo::clocked(&folder, &["build"], WHOLE)?);
        }
    }
    text.push_str(
        "\n| P11: debug build of the last crate | s | more than without | CPU s | more than without | wanted |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    let middle =
        |taken: &[Taken], of: fn(&Taken) -> f64| median(&taken.iter().map(of).collect::<Vec<_>>()).unwrap_or(f64::NAN);
    for (program, own) in programs.iter().zip(&taken) {
        let (wall, cpu) = (middle(own, |taken| taken.seconds), middle(own, |taken| taken.cpu));
        let more = wall - middle(&taken[0], |taken| taken.seconds);
        let more_cpu = cpu - middle(&taken[0], |taken| taken.cpu);
        let (least, most) = range(&own.iter().map(|taken| taken.seconds).collect::<Vec<_>>()).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} ({}–{}) | {} | {} | {} | {} |",
            program.title,
            digits(wall),
            digits(least),
            digits(most),
            digits(more),
            digits(cpu),
            digits(more_cpu),
            if program.judged { verdict(more, SERVICE) } else { String::new() },
        );
    }
    Ok(())
}

/// Everything, from an empty target folder; what has to be downloaded is downloaded before.
fn cold(text: &mut String, program: &Program) -> Result<(), String> {
    let folder = write(program)?;
    let target = folder.join("target");
    match fs::remove_dir_all(&target) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {error}", target.display()));
        }
        _ => {}
    }
    cargo::clocked(&folder, &["fetch"], &[])?;
    eprintln!("compile: {}; load {}", program.title, machine::load());
    let Taken { seconds, cpu } = cargo::clocked(&folder, &["build", "--offline", "--timings"], &[])?;
    let judged = if program.judged { format!(" ({})", verdict(seconds, COLD)) } else { String::new() };
    let _ = writeln!(
        text,
        "\n### P11: {}, cold: {} s{judged}; CPU {} s\n\n| crate | s | share |\n| --- | --- | --- |",
        program.title,
        digits(seconds),
        digits(cpu)
    );
    for (name, own, share) in timings::shares(&target.join("cargo-timings/cargo-timing.html"))? {
        let _ = writeln!(text, "| {name} | {} | {} % |", digits(own), digits(share * 100.0));
    }
    Ok(())
}

fn verdict(seconds: f64, limit: f64) -> String {
    format!("≤ {limit} s: {}", if seconds <= limit { "met" } else { "**missed**" })
}

/// Writes a program to its folder; programs of one name share it.
fn write(program: &Program) -> Result<PathBuf, String> {
    let folder = target().join("compile").join(program.name);
    let root = workspace().parent().expect("`benches` is in the repository");
    let save = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    fs::create_dir_all(folder.join("src")).map_err(|error| format!("{}: {error}", folder.display()))?;
    save("Cargo.toml", &program.manifest(root))?;
    save("src/main.rs", &program.source)?;
    // The versions that the project builds with.
    let locked = fs::read_to_string(root.join(program.lock())).map_err(|error| error.to_string())?;
    if !folder.join("Cargo.lock").exists() {
        save("Cargo.lock", &locked)?;
    }
    Ok(folder)
}
