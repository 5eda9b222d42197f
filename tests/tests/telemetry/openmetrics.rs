//! A strict reader of OpenMetrics text: what the specification demands of a body is asserted, so that whatever reads it can.

use std::collections::{BTreeMap, BTreeSet};

/// What was read: names of samples with their labels, and values.
pub(crate) struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// # Panics
    /// It is not as the specification says.
    pub(crate) fn read(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("it ends with its end, in a line of its own");
        let mut families: BTreeMap<&str, &str> = BTreeMap::new();
        let (mut described, mut samples, mut family) = (BTreeSet::new(), BTreeMap::new(), "");
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# ") {
                let (what, rest) = rest.split_once(' ').expect("a keyword");
                let (name, text) = rest.split_once(' ').expect("a name, and a text");
                is_name(name);
                match what {
                    "HELP" => {
                        assert!(described.insert(name), "{name} is described twice");
                        assert!(!text.is_empty(), "{line}");
                        family = name;
                    }
                    "TYPE" => {
                        assert!(["counter", "gauge", "histogram"].contains(&text), "{line}");
                        assert!(families.insert(name, text).is_none(), "{name} has two types");
                        assert_eq!(name, family, "its type stands behind its description");
                    }
                    other => panic!("{other}: {line}"),
                }
                continue;
            }
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            let bare = name.split_once('{').map_or(name, |(bare, _)| bare);
            let kind = families.get(family).expect("a family that has a type");
            let suffixes: &[&str] = match *kind {
                "counter" => &["_total"],
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            let belongs = suffixes.iter().any(|suffix| bare.strip_suffix(suffix) == Some(family));
            assert!(belongs, "{line} is none of {family}, a {kind}");
            labels(name);
            let value: f64 = value.parse().expect("a number");
            assert!(samples.insert(name.to_owned(), value).is_none(), "{name} is there twice");
        }
        let figures = Self(samples);
        figures.check_histograms(families.iter().filter(|(_, kind)| **kind == "histogram").map(|(name, _)| *name));
        figures
    }

    /// Steps go up, and the last is as much as the count.
    fn check_histograms<'a>(&self, names: impl Iterator<Item = &'a str>) {
        for name in names {
            let counts = self.0.iter().filter(|(sample, _)| sample.starts_with(&format!("{name}_count")));
            for (sample, count) in counts {
                let labels = sample.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
                let within = |sample: &str| sample.starts_with(&format!("{name}_bucket{{")) && sample.contains(labels);
                let mut steps: Vec<(f64, f64)> = Vec::new();
                for (sample, value) in self.0.iter().filter(|(sample, _)| within(sample)) {
                    let bound = sample.split("le=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a bound");
                    steps.push((bound.trim_start_matches('+').parse().expect("a number"), *value));
                }
                steps.sort_by(|one, other| one.0.total_cmp(&other.0));
                assert!(steps.is_sorted_by(|one, next| one.1 <= next.1), "{sample}: {steps:?}");
                assert_eq!(steps.last(), Some(&(f64::INFINITY, *count)), "{sample}");
            }
        }
    }

    /// The sum of all samples of this name that have these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let wanted: Vec<_> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let has = |sample: &str| {
            sample.split('{').next() == Some(name) && wanted.iter().all(|label| sample.contains(label.as_str()))
        };
        // In their order, from zero: a sum of none is not `-0`.
        self.0.iter().filter(|(sample, _)| has(sample)).fold(0.0, |sum, (_, value)| sum + value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.keys().any(|sample| sample.split('{').next() == Some(name))
    }
}

fn is_name(name: &str) {
    let fine = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
    assert!(name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fine), "{name}");
}

/// Each label once, its value in quotes, with what must be escaped escaped.
fn labels(sample: &str) {
    let Some((_, rest)) = sample.split_once('{') else { return };
    let mut rest = rest.strip_suffix('}').expect("an end of the labels");
    let mut seen = BTreeSet::new();
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").expect("a value in quotes");
        is_name(name);
        assert!(seen.insert(name), "{name} is there twice: {sample}");
        let mut escaped = false;
        let end = value.find(|c: char| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = &value[end.expect("an end of the value") + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

#[test]
#[should_panic(expected = "is none of")]
fn a_counter_without_its_suffix_is_refused() {
    Figures::read("# HELP calls Calls.\n# TYPE calls counter\ncalls 7\n# EOF\n");
}

#[test]
#[should_panic(expected = "there twice")]
fn a_sample_that_is_there_twice_is_refused() {
    Figures::read("# HELP room Room.\n# TYPE room gauge\nroom{a=\"b\\\"c\"} 7\nroom{a=\"b\\\"c\"} 7\n# EOF\n");
}
