//! A table that stays in place on a terminal, above which the story goes on; plain lines elsewhere.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write, stdout},
    time::Duration,
};

use tokio::time::Instant;

use crate::report::Report;

pub(crate) struct Screen {
    live: bool,
    started: Instant,
    /// The lines of the table that is on the terminal now.
    shown: Vec<String>,
    last: Instant,
}

impl Screen {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self { live: stdout().is_terminal(), started: now, shown: Vec::new(), last: now }
    }

    /// One line of the story.
    pub(crate) fn say(&mut self, text: &str) {
        let line = format!("{:5.1} s  {text}", self.started.elapsed().as_secs_f64());
        self.draw(Some(&line), None);
    }

    /// The table: redrawn in place on a terminal, now and then elsewhere.
    pub(crate) fn show(&mut self, reports: &BTreeMap<String, Report>) {
        if self.live || self.last.elapsed() > Duration::from_secs(2) {
            self.last = Instant::now();
            self.draw(None, Some(table(reports)));
        }
    }

    fn draw(&mut self, line: Option<&str>, table: Option<Vec<String>>) {
        let mut out = String::new();
        if self.live && !self.shown.is_empty() {
            out.push_str(&format!("\x1b[{}A\x1b[J", self.shown.len()));
        }
        if let Some(line) = line {
            out.push_str(line);
            out.push('\n');
        }
        let table = table.unwrap_or_else(|| if self.live { std::mem::take(&mut self.shown) } else { Vec::new() });
        for row in &table {
            out.push_str(row);
            out.push('\n');
        }
        self.shown = table;
        let _ = stdout().write_all(out.as_bytes()).and_then(|()| stdout().flush());
    }
}

fn table(reports: &BTreeMap<String, Report>) -> Vec<String> {
    let mut rows = vec![format!(
        "  {:<7} {:<20} {:>9} {:>5} {:>5}  {:<31} {}",
        "node", "sees", "answered", "lost", "open", "answers by node", "last call"
    )];
    for report in reports.values() {
        let by: Vec<_> = report.answered.iter().map(|(node, count)| format!("{node} {count}")).collect();
        rows.push(format!(
            "  {:<7} {:<20} {:>9} {:>5} {:>5}  {:<31} {}",
            report.name,
            report.view.join(" "),
            report.ok(),
            report.maybe_executed + report.not_executed,
            report.pending,
            by.join(" "),
            report.last
        ));
    }
    rows
}
