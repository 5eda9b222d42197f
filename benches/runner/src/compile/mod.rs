//! P11: what Ember costs its users in build time. The programs that are built, the clocking of cargo, and the table; nothing of the
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
/// For a service of 20 methods.
const SERVICE: f64 = 1.5;

/// Builds, and says how long it took.
pub(crate) fn report(options: &Options) -> Result<String, String> {
    let mut text = String::new();
    for fact in machine::facts() {
        let _ = writeln!(text, "- {fact}");
    }
    service(&mut text, options)?;
    for program in [programs::hello(), programs::hello_in_a_cluster()] {
        cold(&mut text, &program)?;
    }
    Ok(text)
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
    let locked = fs::read_to_string(root.join("Cargo.lock")).map_err(|error| error.to_string())?;
    if !folder.join("Cargo.lock").exists() {
        save("Cargo.lock", &locked)?;
    }
    Ok(folder)
}
