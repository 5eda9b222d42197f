//! The report of `cargo build --timings`.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

/// A part of a build: a crate, its build script, or a run of that.
#[derive(Deserialize)]
struct Unit {
    name: String,
    duration: f64,
}

/// Crates below this share are one line.
const SMALL: f64 = 0.015;

/// Each crate with its seconds and its share of all; the largest first. Build scripts count for their crate. What is built at the
/// same time overlaps, so that the sum is more than the build took.
pub(super) fn shares(report: &Path) -> Result<Vec<(String, f64, f64)>, String> {
    let html = fs::read_to_string(report).map_err(|error| format!("{}: {error}", report.display()))?;
    let units = units(&html).ok_or_else(|| format!("{}: no UNIT_DATA", report.display()))?;
    let mut crates: BTreeMap<String, f64> = BTreeMap::new();
    for unit in units {
        *crates.entry(unit.name).or_default() += unit.duration;
    }
    let all: f64 = crates.values().sum();
    let (large, small): (Vec<_>, Vec<_>) = crates.into_iter().partition(|(_, seconds)| seconds / all >= SMALL);
    let mut shares: Vec<_> = large.into_iter().map(|(name, seconds)| (name, seconds, seconds / all)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rest: f64 = small.iter().map(|(_, seconds)| seconds).sum();
    shares.push((format!("{} others", small.len()), rest, rest / all));
    Ok(shares)
}

fn units(html: &str) -> Option<Vec<Unit>> {
    let (_, data) = html.split_once("UNIT_DATA = ")?;
    let (data, _) = data.split_once("];")?;
    serde_json::from_str(&format!("{data}]")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_in_the_page() {
        let units =
            units("<script>const UNIT_DATA = [{\"i\":0,\"name\":\"a\",\"duration\":1.5}];\nconst X = [];").unwrap();
        assert_eq!(units.len(), 1);
        assert_eq!(units[0].duration, 1.5);
    }
}
