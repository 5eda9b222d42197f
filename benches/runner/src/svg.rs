//! What both charts are drawn with.

use std::fmt::Write as _;

pub(crate) const COLOURS: [&str; 14] = [
    "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#17becf", "#e377c2", "#bcbd22", "#7f7f7f", "#d62728", "#393b79",
    "#637939", "#e6ab02", "#5254a3", "#1b9e77",
];

/// The beginning of a picture, on white ground: it is readable in a dark theme too.
pub(crate) fn begin(width: f64, height: f64) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">"#
    );
    let _ = writeln!(out, r##"<rect width="{width}" height="{height}" fill="#ffffff"/>"##);
    out
}

pub(crate) fn text(out: &mut String, x: f64, y: f64, anchor: &str, what: &str) {
    let what = what.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, r##"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="#222222">{what}</text>"##);
}
