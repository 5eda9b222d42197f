//! The chart: a line for each work, a dot for each framework, how many times Ember's time it took. Text, by hand.

use std::fmt::Write as _;

use crate::{
    peers::{EMBER, FRAMEWORKS, Framework, Role},
    results::{Results, cost},
    statistics::digits,
    svg::{COLOURS, begin, text},
    work::{WORKS, Work},
};

const WIDTH: f64 = 920.0;
const LEFT: f64 = 310.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 96.0;
const LINE: f64 = 30.0;
const BOTTOM: f64 = 46.0;

/// One dot.
struct Dot {
    name: &'static str,
    role: Role,
    times: f64,
}

pub(crate) fn svg(results: &Results) -> String {
    let lines: Vec<(&Work, Vec<Dot>)> =
        WORKS.iter().map(|work| (work, dots(results, work))).filter(|(_, dots)| !dots.is_empty()).collect();
    let names = names(&lines);
    let all = || lines.iter().flat_map(|(_, dots)| dots.iter().map(|dot| dot.times));
    // Whole powers of ten, Ember's own 1 among them.
    let low = all().fold(1.0, f64::min).log10().floor();
    let high = all().fold(10.0, f64::max).log10().ceil();
    let x = |times: f64| LEFT + (times.log10() - low) / (high - low) * (WIDTH - LEFT - RIGHT);
    let height = TOP + LINE * lines.len() as f64 + BOTTOM;

    let mut out = begin(WIDTH, height);
    text(
        &mut out,
        12.0,
        22.0,
        "start",
        "Time of one operation, in times of Ember's (logarithmic; to the right: slower)",
    );
    legend(&mut out, &names);
    for power in low as i32..=high as i32 {
        let at = x(10f64.powi(power));
        let (colour, bottom) = (if power == 0 { "#d9480f" } else { "#dddddd" }, height - BOTTOM + 6.0);
        let _ = writeln!(out, r#"<path d="M{at:.1} {:.1}V{bottom:.1}" stroke="{colour}"/>"#, TOP - 8.0);
        let label = if power == 0 { "Ember".to_owned() } else { format!("{} ×", digits(10f64.powi(power))) };
        text(&mut out, at, height - BOTTOM + 22.0, "middle", &label);
    }
    for (index, (work, dots)) in lines.iter().enumerate() {
        let y = TOP + LINE * (index as f64 + 0.5);
        text(&mut out, 12.0, y + 4.0, "start", &format!("{}  {}", work.bar, work.name));
        for dot in dots {
            let place = names.iter().position(|name| *name == (dot.name, dot.role));
            mark(
                &mut out,
                x(dot.times),
                y,
                dot.role,
                place.unwrap_or(0),
                &format!("{}: {} ×", dot.name, digits(dot.times)),
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

fn dots(results: &Results, work: &Work) -> Vec<Dot> {
    let of = |framework: &Framework| {
        let times = results.ratio(work, framework.name, EMBER, cost(work.metric))?;
        Some(Dot { name: framework.name, role: framework.role, times })
    };
    let others = FRAMEWORKS.iter().filter(|framework| framework.side == work.side);
    others.filter(|framework| matches!(framework.role, Role::Peer | Role::Floor)).filter_map(of).collect()
}

/// Those that have dots, each once.
fn names(lines: &[(&Work, Vec<Dot>)]) -> Vec<(&'static str, Role)> {
    let mut names = Vec::new();
    for dot in lines.iter().flat_map(|(_, dots)| dots) {
        if !names.contains(&(dot.name, dot.role)) {
            names.push((dot.name, dot.role));
        }
    }
    names
}

fn legend(out: &mut String, names: &[(&'static str, Role)]) {
    const COLUMNS: usize = 5;
    for (index, (name, role)) in names.iter().enumerate() {
        let at = 20.0 + (index % COLUMNS) as f64 * 182.0;
        let y = 42.0 + (index / COLUMNS) as f64 * 18.0;
        mark(out, at, y - 4.0, *role, index, name);
        text(out, at + 10.0, y, "start", name);
    }
}

/// Peers are full circles, floors are hollow.
fn mark(out: &mut String, x: f64, y: f64, role: Role, place: usize, title: &str) {
    let colour = COLOURS[place % COLOURS.len()];
    let fill = if role == Role::Floor { "#ffffff" } else { colour };
    let _ = writeln!(
        out,
        r#"<circle cx="{x:.1}" cy="{y:.1}" r="5" fill="{fill}" stroke="{colour}" stroke-width="2"><title>{title}</title></circle>"#
    );
}
