//! The curves of growth, one panel each.

use std::fmt::Write as _;

use crate::{
    growth::Curve,
    peers::{EMBER, Framework},
    results::{Results, cost},
    statistics::digits,
    svg::{COLOURS, begin, text},
    work::Work,
};

const WIDTH: f64 = 920.0;
const PANEL_WIDTH: f64 = WIDTH / 2.0;
const PANEL_HEIGHT: f64 = 230.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 44.0;

pub(crate) fn svg(results: &Results, curves: &[Curve]) -> String {
    let mut out = begin(WIDTH, PANEL_HEIGHT * curves.len().div_ceil(2) as f64);
    for (index, curve) in curves.iter().enumerate() {
        let (x, y) = ((index % 2) as f64 * PANEL_WIDTH, (index / 2) as f64 * PANEL_HEIGHT);
        let _ = writeln!(out, r#"<g transform="translate({x} {y})">"#);
        panel(&mut out, results, curve);
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

/// A line's points: the index on the axis, and µs per operation.
type Line = Vec<(usize, f64)>;

fn panel(out: &mut String, results: &Results, curve: &Curve) {
    let lines: Vec<(&Framework, Line)> =
        curve.frameworks().map(|framework| (framework, line(results, curve, framework))).collect();
    let all = || lines.iter().flat_map(|(_, line)| line.iter().map(|(_, us)| *us));
    let (least, most) = (all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max));
    if most <= 0.0 {
        return;
    }
    // At least one power of ten, so that small differences look small.
    let low = least.log10().floor();
    let high = most.log10().ceil().max(low + 1.0);
    let right = PANEL_WIDTH - RIGHT;
    let x = |index: usize| LEFT + (right - LEFT) * (index as f64 + 0.5) / curve.points.len() as f64;
    let y = |us: f64| {
        let height = PANEL_HEIGHT - TOP - BOTTOM;
        PANEL_HEIGHT - BOTTOM - height * (us.log10() - low) / (high - low)
    };

    text(out, 12.0, 18.0, "start", &format!("{}: µs per operation, by {}", curve.title, curve.axis));
    for power in low as i32..=high as i32 {
        let at = y(10f64.powi(power));
        let _ = writeln!(out, r##"<path d="M{LEFT} {at:.1}H{right}" stroke="#dddddd"/>"##);
        text(out, LEFT - 6.0, at + 4.0, "end", &digits(10f64.powi(power)));
    }
    for (index, (value, _)) in curve.points.iter().enumerate() {
        text(out, x(index), PANEL_HEIGHT - BOTTOM + 18.0, "middle", value);
    }
    for (place, (framework, line)) in lines.iter().enumerate() {
        let colour = if framework.name == EMBER { "#d9480f" } else { COLOURS[place % COLOURS.len()] };
        let path: Vec<String> = line.iter().map(|(index, us)| format!("{:.1},{:.1}", x(*index), y(*us))).collect();
        let path = path.join(" ");
        let _ = writeln!(out, r#"<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>"#);
        for (index, us) in line {
            let (x, y, title) = (x(*index), y(*us), format!("{}: {} µs", framework.name, digits(*us)));
            let _ = writeln!(
                out,
                r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}"><title>{title}</title></circle>"#
            );
        }
        let at = LEFT + place as f64 * 120.0;
        let _ = writeln!(out, r#"<circle cx="{at}" cy="34" r="4" fill="{colour}"/>"#);
        text(out, at + 8.0, 38.0, "start", framework.name);
    }
}

fn line(results: &Results, curve: &Curve, framework: &Framework) -> Line {
    let points = curve.points.iter().enumerate();
    let at = |(index, (_, work)): (usize, &(String, Work))| {
        Some((index, results.median(work, framework.name, cost(work.metric))? / 1e3))
    };
    points.filter_map(at).collect()
}
