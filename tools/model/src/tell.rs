//! The command line: what is asked for, and what is said.

use std::fs;

use crate::{
    action::Action,
    explore::{Report, Trace, Walks, breadth, walk},
    known,
    left_out::{self, Entry, LeftOut, TABLE},
    model::{Bounds, Model},
};

const HELP: &str = "\
model [--scale N]               the rules as they are: everything near the beginning, walks, ends of faults; then the table. Minutes
model breadth [RULES] [BOUNDS]  everything near the beginning, up to `--most N` moments (1000000)
model walk [RULES] [BOUNDS]     walks at random: `--walks N` (100000), `--length N` (50), `--seed N` (1)
model recover [RULES] [BOUNDS]  the same; after each the faults end, and a master must come back
model table                     what is broken without each rule, by the traces that are known
model trace RULE                such a trace
model find [RULES]              looks for these traces anew, and writes `tools/model/traces.txt`: by `--walks N` (150000) for each of `--seeds N` (4)

RULES are left out; `model table` names them. BOUNDS, each with a number: --places --running --replicas --crashes --falls --ids --epochs
--hands --versions --late --enough --damages (of disks) --table (calls that are remembered) --fresh (reads that miss nothing). And, as `--windows 1`:
--windows (masters act by acknowledgements, too) --operator (losses are accepted) --journal --pends (handlers go on after a commit)
--owes (calls are owed to another service) --early (replies wait for nobody)";

/// Does what it is told.
pub(crate) fn command(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut line = Line::read(&words)?;
    match line.command {
        "" => everything(line.take("scale")?.unwrap_or(1)),
        "help" | "-h" | "--help" => {
            println!("{HELP}");
            Ok(())
        }
        "table" => {
            print!("{}", known::table()?);
            Ok(())
        }
        "trace" => {
            for known in known::known()?.iter().filter(|known| line.rules.iter().any(|rule| rule.name == known.name)) {
                println!("{} breaks {}", known.name, known.property);
                tell_actions(&known.actions);
            }
            Ok(())
        }
        "find" => {
            let (walks, seeds) = (line.take("walks")?.unwrap_or(150_000), line.take("seeds")?.unwrap_or(4));
            find(&line.rules, walks, seeds as u64)
        }
        way => explore(way, line),
    }
}

/// What was written.
struct Line<'a> {
    command: &'a str,
    rules: Vec<&'static Entry>,
    numbers: Vec<(&'a str, u64)>,
}

impl<'a> Line<'a> {
    fn read(words: &[&'a str]) -> Result<Self, String> {
        let command = words.first().filter(|word| !word.starts_with("--") || **word == "--help").copied();
        let mut this = Self { command: command.unwrap_or(""), rules: Vec::new(), numbers: Vec::new() };
        let mut rest = words.iter().skip(usize::from(command.is_some()));
        while let Some(word) = rest.next() {
            if let Some(name) = word.strip_prefix("--") {
                let number = rest.next().and_then(|word| word.parse().ok());
                this.numbers.push((name, number.ok_or_else(|| format!("`{word}` needs a number"))?));
            } else {
                let entry =
                    left_out::named(word).ok_or_else(|| format!("no rule is called `{word}`; see `model table`"))?;
                this.rules.push(entry);
            }
        }
        Ok(this)
    }

    fn take(&mut self, name: &str) -> Result<Option<usize>, String> {
        let Some(at) = self.numbers.iter().position(|(known, _)| *known == name) else { return Ok(None) };
        usize::try_from(self.numbers.remove(at).1).map(Some).map_err(|_| format!("--{name}: that is too many"))
    }

    fn bounds(&mut self, mut bounds: Bounds) -> Result<Bounds, String> {
        let mut small = |name: &str, bound: &mut u8| -> Result<(), String> {
            if let Some(number) = self.take(name)? {
                *bound = u8::try_from(number).map_err(|_| format!("--{name}: that is too many"))?;
            }
            Ok(())
        };
        small("places", &mut bounds.places)?;
        bounds.running = bounds.places;
        small("running", &mut bounds.running)?;
        small("replicas", &mut bounds.replicas)?;
        small("crashes", &mut bounds.crashes)?;
        small("falls", &mut bounds.falls)?;
        small("ids", &mut bounds.ids)?;
        small("epochs", &mut bounds.epochs)?;
        small("hands", &mut bounds.hands)?;
        small("versions", &mut bounds.versions)?;
        small("late", &mut bounds.late)?;
        small("enough", &mut bounds.enough)?;
        small("damages", &mut bounds.damages)?;
        small("table", &mut bounds.table)?;
        small("fresh", &mut bounds.fresh)?;
        for (name, on) in [
            ("windows", &mut bounds.windows),
            ("operator", &mut bounds.operator),
            ("journal", &mut bounds.journal),
            ("pends", &mut bounds.pends),
            ("owes", &mut bounds.owes),
            ("early", &mut bounds.early),
        ] {
            *on |= self.take(name)? == Some(1);
        }
        let fits = bounds.places >= 1 && bounds.places <= bounds.running && bounds.running <= 4 && bounds.ids <= 2;
        if fits { Ok(bounds) } else { Err("1 ≤ --places ≤ --running ≤ 4, and --ids ≤ 2".into()) }
    }
}

fn beginnings() -> Result<Vec<Vec<Action>>, String> {
    Ok(known::known()?.into_iter().map(|known| known.actions).collect())
}

fn explore(way: &str, mut line: Line<'_>) -> Result<(), String> {
    let bounds = line.bounds(if way == "breadth" { Bounds::narrow() } else { Bounds::wide() })?;
    let rules: Vec<_> = line.rules.iter().map(|entry| entry.rule).collect();
    let model = Model { left_out: LeftOut::of(&rules), bounds };
    let most = line.take("most")?.unwrap_or(1_000_000);
    let walks = line.take("walks")?.unwrap_or(100_000);
    let length = line.take("length")?.unwrap_or(50);
    let seed = line.take("seed")?.unwrap_or(1) as u64;
    if let Some((name, _)) = line.numbers.first() {
        return Err(format!("no bound is called `--{name}`\n\n{HELP}"));
    }
    let beginnings = beginnings()?;
    let walks = |recover| walk(&model, Walks { walks, length, seed, recover, beginnings: &beginnings });
    let report = match way {
        "breadth" => breadth(&model, most),
        "walk" => walks(false),
        "recover" => walks(true),
        _ => return Err(format!("unknown command `{way}`\n\n{HELP}")),
    };
    tell(&report);
    verdict(&report)
}

/// The rules as they are, with larger bounds the larger `scale` is; then the table.
fn everything(scale: usize) -> Result<(), String> {
    let beginnings = beginnings()?;
    let wide = Bounds::wide();
    let all = Bounds { running: 4, crashes: 3, windows: true, operator: true, ..wide };
    let calls = Bounds { ids: 2, pends: true, table: 1, ..wide };
    let kept = Bounds { journal: true, damages: 1, ..wide };
    let owed = Bounds { ids: 2, owes: true, operator: true, crashes: 3, ..wide };
    let fresh = Bounds { running: 4, fresh: 1, ..wide };
    let tight = Bounds { places: 2, running: 2, crashes: 1, hands: 1, ..Bounds::narrow() };
    for (what, bounds) in [
        ("two members", tight),
        ("three members", Bounds::narrow()),
        (
            "three members, batches that come late, acting by acknowledgements",
            Bounds { late: 1, windows: true, ..Bounds::narrow() },
        ),
    ] {
        println!("everything near the beginning, {what}");
        let report = breadth(&Model::whole(bounds), 2_000_000 * scale);
        tell(&report);
        verdict(&report)?;
    }
    for (what, bounds, recover) in [
        ("walks", wide, false),
        ("walks, with a fourth process, acting by acknowledgements, and an operator", all, false),
        ("walks, two members at least in sync", Bounds { enough: 2, ..wide }, false),
        ("walks, two members at most in sync, one spare", Bounds { places: 2, running: 3, replicas: 2, ..wide }, false),
        ("walks, two calls, whose handlers may go on after a commit, and a table of one", calls, false),
        ("walks, replies that wait for nobody", Bounds { early: true, ..wide }, false),
        ("walks, journals, of which one loses its end", kept, false),
        ("walks, journals, and acting by acknowledgements", Bounds { journal: true, windows: true, ..wide }, false),
        ("walks, calls that are owed to another service, and an operator", owed, false),
        ("walks, fresh reads", fresh, false),
        ("walks, after which the faults end", wide, true),
        ("the same, with a fourth process, acting by acknowledgements, and an operator", all, true),
        ("the same, with journals", Bounds { journal: true, crashes: 3, ..wide }, true),
        ("the same, with calls that are owed", owed, true),
    ] {
        println!("{what}");
        let walks = if recover { 10_000 } else { 200_000 } * scale;
        let how = Walks { walks, length: 50, seed: 1, recover, beginnings: &beginnings };
        let report = walk(&Model::whole(bounds), how);
        tell(&report);
        verdict(&report)?;
    }
    println!("\n{}", known::table()?);
    println!("{} rules, each missed when it is left out", TABLE.len());
    Ok(())
}

fn find(rules: &[&'static Entry], walks: usize, seeds: u64) -> Result<(), String> {
    let mut known = known::known()?;
    let beginnings = beginnings()?;
    let mut missed = Vec::new();
    for entry in TABLE.iter().filter(|entry| rules.is_empty() || rules.iter().any(|rule| rule.name == entry.name)) {
        let Some(trace) = known::find(entry, &beginnings, walks, seeds) else {
            println!("{}: nothing found", entry.name);
            missed.push(entry.name);
            continue;
        };
        println!("{}: {}", entry.name, entry.instead);
        tell_trace(&trace);
        known.retain(|known| known.name != entry.name);
        let property = format!("{:?}", trace.broken.property);
        known.push(known::Known { name: entry.name.into(), property, actions: trace.actions });
    }
    let place = |known: &known::Known| TABLE.iter().position(|entry| entry.name == known.name);
    known.sort_by_key(place);
    let line = |known: &known::Known| format!("{} {} {}\n", known.name, known.property, words(&known.actions));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/traces.txt");
    let text: String = known.iter().filter(|known| place(known).is_some()).map(line).collect();
    fs::write(file, text).map_err(|error| format!("{file}: {error}"))?;
    if missed.is_empty() { Ok(()) } else { Err(format!("not found: {}", missed.join(", "))) }
}

fn words(actions: &[Action]) -> String {
    actions.iter().map(|action| action.word()).collect::<Vec<_>>().join(" ")
}

fn verdict(report: &Report) -> Result<(), String> {
    report.found.as_ref().map_or(Ok(()), |trace| Err(trace.broken.to_string()))
}

fn tell(report: &Report) {
    if let Some(trace) = &report.found {
        tell_trace(trace);
        return;
    }
    let complete = if report.complete { ", which is all within the bounds" } else { "" };
    println!("    nothing; {} moments, at most {} actions deep{complete}", report.moments, report.depth);
    if report.ends != (0, 0) {
        println!("    a master came back in {}, an operator is needed in {}", report.ends.0, report.ends.1);
    }
}

fn tell_trace(trace: &Trace) {
    println!("    {} ({} actions)", trace.broken, trace.actions.len());
    tell_actions(&trace.actions);
}

fn tell_actions(actions: &[Action]) {
    for line in actions.chunks(8) {
        println!("        {}", words(line));
    }
}
