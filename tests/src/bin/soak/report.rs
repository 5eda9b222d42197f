//! What a run tells of itself, as Markdown.

use std::fmt::Write as _;

use ember_tests::machine::{machine, profile};

use crate::{
    arguments::Arguments,
    samples::{self, BOUNDS, Sample},
    tally::Tally,
};

/// As many lines of samples, from the first to the last.
const LINES: usize = 16;

pub(crate) fn write(
    arguments: &Arguments,
    commit: &str,
    samples: &[Sample],
    tally: &Tally,
    failures: &[String],
) -> String {
    let mut text = String::new();
    let last = samples.last();
    let rounds = last.map_or(0, |last| last.rounds);
    let time = last.map_or(0, |last| last.at.as_secs());
    let _ = writeln!(text, "| | |\n| --- | --- |");
    let _ = writeln!(text, "| verdict | {} |", if failures.is_empty() { "flat, and nothing hung" } else { "FAILED" });
    let _ = writeln!(text, "| time | {} min {} s, {rounds} rounds |", time / 60, time % 60);
    let _ = writeln!(text, "| seed | {} |", arguments.seed);
    let _ = writeln!(text, "| build | {}, commit {commit} |", profile());
    let _ = writeln!(text, "| machine | {} |", machine());
    let warm = samples::warm(samples);
    let rounds = samples::span(warm);
    for bound in &BOUNDS {
        let (what, grown, most) = (bound.what, bound.growth(warm), bound.most(warm));
        let _ = writeln!(
            text,
            "| live {what} after the warm-up | the line through the samples grows by {grown:.0} in {rounds} rounds (at most {most}) |"
        );
    }
    for failure in failures {
        let _ = writeln!(text, "\n**{failure}**");
    }
    let _ = writeln!(
        text,
        "\n| minute | rounds | live bytes | live blocks | resident KiB |\n| ---: | ---: | ---: | ---: | ---: |"
    );
    let step = samples.len().div_ceil(LINES).max(1);
    for (index, sample) in samples.iter().enumerate() {
        if index % step == 0 || index + 1 == samples.len() {
            let minute = sample.at.as_secs_f64() / 60.0;
            let (bytes, blocks, resident) = (sample.bytes, sample.blocks(), sample.resident >> 10);
            let _ = writeln!(text, "| {minute:.1} | {} | {bytes} | {blocks} | {resident} |", sample.rounds);
        }
    }
    let _ = writeln!(text, "\n| what | count |\n| --- | ---: |");
    for (what, count) in tally.counts() {
        let _ = writeln!(text, "| {what} | {count} |");
    }
    text
}
