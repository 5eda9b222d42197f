//! A violation, told so that a person sees it.

use std::{fmt, fmt::Debug};

use super::history::{Outcome, Recorded};

/// Calls of the explanation that are shown: its end is what matters.
const SHOWN: usize = 8;
/// Characters of an operation, an answer or a state that are shown.
const WIDE: usize = 60;

/// Where the explanation of a history ends: the longest row of calls that the model explains, and those of which one had to come next
/// and none fits. `Display` shows them as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    key: Option<u64>,
    calls: usize,
    start: String,
    explained: Vec<[String; 5]>,
    left: Vec<[String; 5]>,
    perhaps: Vec<[String; 5]>,
}

impl Violation {
    pub(super) fn new(key: Option<u64>, calls: usize, start: String) -> Self {
        Self { key, calls, start: short(start), explained: Vec::new(), left: Vec::new(), perhaps: Vec::new() }
    }

    pub(super) fn explained<Op: Debug, Out: Debug>(&mut self, call: &Recorded<Op, Out>, state: &impl Debug) {
        self.explained.push(line(call, format!("then the state is {}", shown(state))));
    }

    pub(super) fn left<Op: Debug, Out: Debug>(&mut self, call: &Recorded<Op, Out>, model: &Out) {
        match call.outcome {
            Outcome::Done(_) => self.left.push(line(call, format!("the model says {}", shown(model)))),
            _ => self.perhaps.push(line(call, String::new())),
        }
    }
}

/// Client, times, operation, answer, and a remark.
fn line<Op: Debug, Out: Debug>(call: &Recorded<Op, Out>, remark: String) -> [String; 5] {
    let end = call.ended.map_or("…".into(), |end| format!("{:.3}", end.at.as_secs_f64()));
    let out = match &call.outcome {
        Outcome::Done(out) => shown(out),
        Outcome::NotExecuted(_) => "not executed".into(),
        Outcome::MaybeExecuted(_) => "maybe executed".into(),
    };
    let times = format!("{:.3}–{end} s", call.began.at.as_secs_f64());
    [call.client.clone(), times, shown(&call.op), format!("→ {out}"), remark]
}

fn shown(value: &impl Debug) -> String {
    short(format!("{value:?}"))
}

fn short(text: String) -> String {
    match text.char_indices().nth(WIDE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn table(f: &mut fmt::Formatter<'_>, lines: &[[String; 5]]) -> fmt::Result {
    let wide = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let [a, b, c, d] = [wide(0), wide(1), wide(2), wide(3)];
    for [client, times, op, out, remark] in lines {
        let text = format!("  {client:a$}  {times:b$}  {op:c$}  {out:d$}  {remark}");
        writeln!(f, "{}", text.trim_end())?;
    }
    Ok(())
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, calls, start, explained, left, perhaps } = self;
        let among = key.map(|key| format!(" with the key {key}")).unwrap_or_default();
        let done = explained.iter().filter(|line| !line[3].ends_with("maybe executed")).count();
        writeln!(
            f,
            "not linearizable: of {calls} answered calls{among}, no order explains more than {done}. From {start}, the best one:"
        )?;
        let hidden = explained.len().saturating_sub(SHOWN);
        if hidden > 0 {
            writeln!(f, "  … {hidden} calls")?;
        }
        table(f, &explained[hidden..])?;
        writeln!(f, "then one of these had to come, and none fits:")?;
        table(f, left)?;
        if !perhaps.is_empty() {
            writeln!(f, "with these, which may have been executed, it is no better:")?;
            table(f, perhaps)?;
        }
        Ok(())
    }
}
