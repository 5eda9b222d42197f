//! The command line.
use crate::{action::Action, explore::*, left_out::{self, LeftOut}, model::{Bounds, Model}};

pub(crate) fn command(words: &[String]) -> Result<(), String> {
    let number = |name: &str, or: u64| words.iter().position(|w| w.strip_prefix("--") == Some(name)).and_then(|at| words.get(at + 1)).and_then(|w| w.parse().ok()).unwrap_or(or);
    let rules: Vec<_> = words.iter().filter_map(|w| left_out::named(w)).map(|e| e.rule).collect();
    let base = if words[0] == "breadth" { Bounds::narrow() } else { Bounds::wide() };
    let n = |name: &str, or: u8| number(name, or.into()) as u8;
    let bounds = Bounds { places: n("places", base.places), running: n("running", base.running), replicas: n("replicas", base.replicas), crashes: n("crashes", base.crashes), falls: n("falls", base.falls), ids: n("ids", base.ids), epochs: n("epochs", base.epochs), hands: n("hands", base.hands), versions: n("versions", base.versions), late: n("late", base.late), enough: n("enough", base.enough), windows: n("windows", 0) == 1, operator: n("operator", 0) == 1 };
    let model = Model { left_out: LeftOut::of(&rules), bounds };
    let beginnings: Vec<Vec<Action>> = words.iter().position(|w| w == "--from").map(|at| std::fs::read_to_string(&words[at + 1]).unwrap().lines().map(|l| Action::read(l).unwrap()).collect()).unwrap_or_default();
    let report = match words[0].as_str() {
        "breadth" => breadth(&model, number("most", 1_000_000) as usize),
        w => walk(&model, Walks { walks: number("walks", 20_000) as usize, length: number("length", 50) as usize, seed: number("seed", 1), recover: w == "recover", beginnings: &beginnings }),
    };
    println!("moments {} depth {} complete {} ends {:?}", report.moments, report.depth, report.complete, report.ends);
    if let Some(t) = report.found { println!("{} [{}]", t.broken, t.actions.len()); println!("{}", t.actions.iter().map(|a| a.word()).collect::<Vec<_>>().join(" ")); }
    Ok(())
}
