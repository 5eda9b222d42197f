//! Mutants: small changes to the runtime that a test must notice. `cargo-mutants` makes them, builds each and runs the tests.
//!
//! A room's mutants are tried on its unit tests first, which is one program; only what these let pass is tried on the test programs
//! of the room. All is built incrementally, without debug information, from a copy of the sources in `target/mutants`.

mod rooms;
mod tree;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::shell;
use rooms::{NEED_ETCD, ROOMS, Room};

/// Another version makes other mutants, and the figures on the page are of this one.
const VERSION: &str = "27.1.0";
/// Folders of results: of the run on the unit tests, and of that on the test programs.
const UNITS: &str = "units";
const PROGRAMS: &str = "programs";
/// What is to be caught of a room's mutants, in percent.
const CAUGHT: usize = 90;
/// A run of the unit tests that takes so many seconds has ended in a loop: on a machine that is busy they were seen to need 20.
const UNITS_WITHIN: &str = "120";
/// A run of the test programs, which wait for what does not come until their own time-outs.
const PROGRAMS_WITHIN: &str = "240";
/// Not made: nobody relies on what a value looks like in a log.
const NOT_MADE: &str = "fmt::Debug for";

/// What has become of mutants: their names.
#[derive(Debug, Default)]
struct Fates {
    unviable: Vec<String>,
    caught: Vec<String>,
    timed_out: Vec<String>,
    survived: Vec<String>,
}

/// The task: `[--room NAME] [--sample K/N]`.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let (room, sample) = read(args)?;
    installed()?;
    let home = shell::target().join("mutants");
    fs::create_dir_all(home.join("tree")).map_err(|error| format!("{}: {error}", home.display()))?;
    tree::update(&home.join("tree"))?;
    let mut done = Vec::new();
    for room in ROOMS.iter().filter(|one| room.is_none_or(|name| name == one.name)) {
        for results in [UNITS, PROGRAMS] {
            let folder = home.join(room.name).join(results);
            fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let first = on_units(&home, room, sample)?;
        let fates = match &first.survived[..] {
            [] => first,
            survivors => {
                let second = on_programs(&home, room, survivors)?;
                first.then(second)
            }
        };
        println!("\nxtask: {}: {fates}\n", room.name);
        done.push((room.name, fates));
    }
    report(&done)
}

fn read<'a>(args: &[&'a str]) -> Result<(Option<&'a str>, Option<&'a str>), String> {
    let (mut room, mut sample) = (None, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value = args.next().copied();
        match (*arg, value) {
            ("--room", Some(name)) if ROOMS.iter().any(|room| room.name == name) => room = Some(name),
            ("--sample", Some(part)) if is_part(part) => sample = Some(part),
            _ => {
                let names = ROOMS.map(|room| room.name).join(", ");
                return Err(format!(
                    "`{arg} {}` is not known: `--room NAME` with one of {names}; `--sample K/N` with K from 0 to N - 1, for every \
                     Nth mutant",
                    value.unwrap_or_default()
                ));
            }
        }
    }
    Ok((room, sample))
}

/// Whether it is `K/N`, where K is less than N.
fn is_part(part: &str) -> bool {
    let Some((which, of)) = part.split_once('/') else { return false };
    matches!((which.parse::<u32>(), of.parse::<u32>()), (Ok(which), Ok(of)) if which < of)
}

fn installed() -> Result<(), String> {
    let install = format!("install it: `cargo install cargo-mutants --locked --version {VERSION}`");
    let said = shell::output(&mut shell::cargo(&["mutants", "--version"]))
        .map_err(|_| format!("`cargo-mutants` is not there: {install}"))?;
    match said.trim().rsplit(' ').next() {
        Some(VERSION) => Ok(()),
        other => Err(format!("`cargo-mutants` is {}, and not {VERSION}: {install}", other.unwrap_or_default())),
    }
}

/// Tries mutants of a room on its unit tests: all of them, or a part.
fn on_units(home: &Path, room: &Room, sample: Option<&str>) -> Result<Fates, String> {
    let mut mutants = mutants(home, room, UNITS);
    if let Some(part) = sample {
        mutants.args(["--shard", part, "--sharding", "round-robin"]);
    }
    mutants.args(["--timeout", UNITS_WITHIN, "--cargo-arg=--lib", "--", "--"]).args(room.units);
    judged(&mut mutants)?;
    Fates::read(home, room, UNITS)
}

/// Tries those that are named on the test programs, each in a run of its own: whatever names are asked for, `cargo-mutants` adds
/// all mutants that delete a field.
fn on_programs(home: &Path, room: &Room, named: &[String]) -> Result<Fates, String> {
    let programs = || room.programs.iter().map(|program| format!("--test={program}"));
    let without = || ["--"].into_iter().chain(NEED_ETCD.iter().flat_map(|name| ["--skip", name]));
    // It would try its baseline on the tests of the runtime alone.
    let mut baseline = shell::cargo(&["test", "--quiet", "--workspace", "--all-features"]);
    shell::run(built_apart(&mut baseline, home).args(programs()).args(without()))?;
    let listed = shell::output(mutants(home, room, PROGRAMS).arg("--list"))?;
    let listed: Vec<_> = listed.lines().collect();
    let mut fates = Fates::default();
    for name in named {
        let place = listed.iter().position(|one| one == name).ok_or_else(|| format!("`{name}` is not listed again"))?;
        let mut mutants = mutants(home, room, PROGRAMS);
        mutants.args(["--shard", &format!("{place}/{}", listed.len()), "--sharding", "slice"]);
        mutants.args(["--baseline", "skip", "--timeout", PROGRAMS_WITHIN, "--test-workspace", "true"]);
        mutants.args(programs().map(|program| format!("--cargo-arg={program}"))).arg("--").args(without());
        judged(&mut mutants)?;
        let fate = Fates::read(home, room, PROGRAMS)?;
        if fate.all().ne([name]) {
            return Err(format!("`{name}` was asked for, and tried was {:?}", fate.all().collect::<Vec<_>>()));
        }
        fates.add(fate);
    }
    Ok(fates)
}

/// `cargo mutants` of a room, which leaves its results in a folder of this name.
fn mutants(home: &Path, room: &Room, results: &str) -> Command {
    let mut mutants = shell::cargo(&["mutants", "--in-place", "--all-features", "--no-config"]);
    mutants.args(["--exclude-re", NOT_MADE, "--exclude", "*_tests.rs"]);
    mutants.arg("--output").arg(home.join(room.name).join(results));
    mutants.args(room.files.iter().map(|files| format!("--file={files}")));
    built_apart(&mut mutants, home);
    mutants
}

/// In the copy of the sources, with a target folder of its own.
fn built_apart<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    command.current_dir(home.join("tree")).env("CARGO_TARGET_DIR", home.join("build"));
    command.env("CARGO_INCREMENTAL", "1").env("CARGO_PROFILE_DEV_DEBUG", "none")
}

/// Runs it to its end. That some survived, or did not end, is no failure of its own.
fn judged(mutants: &mut Command) -> Result<(), String> {
    let line = shell::line(mutants);
    match mutants.status().map_err(|error| format!("`{line}` did not start: {error}"))?.code() {
        Some(0 | 2 | 3) => Ok(()),
        _ => Err(format!("`{line}` failed: without a mutant the tests must pass")),
    }
}

/// Prints the table and the survivors; fails where too many survived.
fn report(done: &[(&str, Fates)]) -> Result<(), String> {
    println!(
        "| room | made | unviable | caught | timed out | survived | |\n| --- | --- | --- | --- | --- | --- | --- |"
    );
    for (room, fates) in done {
        println!("| {room} | {fates} |");
    }
    for (room, fates) in done.iter().filter(|(_, fates)| !fates.survived.is_empty()) {
        println!("\nsurvivors of {room}:\n{}", fates.survived.join("\n"));
    }
    let few: Vec<_> = done.iter().filter(|(_, fates)| fates.percent() < CAUGHT).map(|(room, _)| *room).collect();
    if few.is_empty() { Ok(()) } else { Err(format!("less than {CAUGHT} % were caught of: {}", few.join(", "))) }
}

impl Fates {
    fn read(home: &Path, room: &Room, results: &str) -> Result<Self, String> {
        let folder = home.join(room.name).join(results).join("mutants.out");
        let lines = |name: &str| -> Result<Vec<String>, String> {
            let path = folder.join(name);
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(text.lines().map(str::to_owned).collect())
        };
        Ok(Self {
            unviable: lines("unviable.txt")?,
            caught: lines("caught.txt")?,
            timed_out: lines("timeout.txt")?,
            survived: lines("missed.txt")?,
        })
    }

    /// With what has become of the survivors later.
    fn then(mut self, later: Self) -> Self {
        self.survived.clear();
        self.add(later);
        self
    }

    fn add(&mut self, others: Self) {
        self.unviable.extend(others.unviable);
        self.caught.extend(others.caught);
        self.timed_out.extend(others.timed_out);
        self.survived.extend(others.survived);
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        [&self.unviable, &self.caught, &self.timed_out, &self.survived].into_iter().flatten()
    }

    /// How many of those that could be built were noticed. A test that does not end is noticed too.
    fn percent(&self) -> usize {
        let noticed = self.caught.len() + self.timed_out.len();
        (noticed * 100).checked_div(noticed + self.survived.len()).unwrap_or(100)
    }
}

impl fmt::Display for Fates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [unviable, caught, timed_out, survived] =
            [&self.unviable, &self.caught, &self.timed_out, &self.survived].map(Vec::len);
        let made = unviable + caught + timed_out + survived;
        write!(f, "{made} | {unviable} | {caught} | {timed_out} | {survived} | {} %", self.percent())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_or_explained() {
        assert_eq!(read(&["--room", "store", "--sample", "3/10"]), Ok((Some("store"), Some("3/10"))));
        assert_eq!(read(&[]), Ok((None, None)));
        for wrong in [["--room", "kitchen"], ["--sample", "10/10"], ["--sample", "half"], ["--seed", "7"]] {
            assert!(read(&wrong).is_err_and(|said| said.contains(wrong[1])), "{wrong:?}");
        }
    }

    #[test]
    fn what_survived_the_units_is_what_the_programs_say_of_it() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let first = Fates {
            unviable: names(&["a"]),
            caught: names(&["b", "c"]),
            survived: names(&["d", "e"]),
            ..Fates::default()
        };
        let second = Fates { timed_out: names(&["d"]), survived: names(&["e"]), ..Fates::default() };
        assert_eq!(first.then(second).to_string(), "5 | 1 | 2 | 1 | 1 | 75 %");
        assert_eq!(Fates::default().percent(), 100);
    }
}
