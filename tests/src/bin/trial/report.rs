//! What a trial tells of itself, as Markdown.

use std::{fmt::Write as _, time::Duration};

use ember_tests::machine::{machine, profile};

/// Lines of a table, and what must not have been.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The heads of the columns.
    pub(crate) heads: &'static [&'static str],
    pub(crate) lines: Vec<Vec<String>>,
    pub(crate) notes: Vec<(String, String)>,
    pub(crate) violations: Vec<String>,
}

impl Report {
    pub(crate) fn new(heads: &'static [&'static str]) -> Self {
        Self { heads, ..Self::default() }
    }

    /// Adds a line, and says it at once: a run may take an hour.
    pub(crate) fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<_> = cells.into_iter().collect();
        println!("trial: {}", cells.join(" | "));
        self.lines.push(cells);
    }

    /// Adds a fact about all of it.
    pub(crate) fn note(&mut self, what: &str, value: impl ToString) {
        self.notes.push((what.into(), value.to_string()));
    }

    /// Something that must not be.
    pub(crate) fn violation(&mut self, what: String) {
        eprintln!("trial: VIOLATION: {what}");
        self.violations.push(what);
    }

    pub(crate) fn text(&self, command: &str, took: Duration, commit: &str) -> String {
        let mut text = String::from("| | |\n| --- | --- |\n");
        let verdict = match self.violations.len() {
            0 => "0 violations".to_owned(),
            some => format!("FAILED: {some} violations"),
        };
        let seconds = took.as_secs();
        let _ = writeln!(text, "| verdict | {verdict} |\n| time | {} min {} s |", seconds / 60, seconds % 60);
        let _ = writeln!(text, "| command | `cargo xtask soak {command}` |");
        let _ = writeln!(text, "| build | {}, commit {commit} |\n| machine | {} |", profile(), machine());
        for (what, value) in &self.notes {
            let _ = writeln!(text, "| {what} | {value} |");
        }
        let _ = writeln!(text, "\n| {} |\n|{}", self.heads.join(" | "), " --- |".repeat(self.heads.len()));
        for line in &self.lines {
            let _ = writeln!(text, "| {} |", line.join(" | "));
        }
        for violation in &self.violations {
            let _ = writeln!(text, "\n**{}**", violation.replace('\n', "; "));
        }
        text
    }
}
