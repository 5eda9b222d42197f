//! Who had not finished when a shutdown was cut short, in a few words however many they are.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

/// So many classes are named.
const NAMED: usize = 5;

/// Services, counted by class.
#[derive(Debug, Default)]
pub(crate) struct Late(BTreeMap<&'static str, usize>);

impl Late {
    pub(crate) fn count(&mut self, class: &'static str) {
        *self.0.entry(class).or_default() += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The largest classes first: ``2000 of `guest`, `lobby` and 7 of 3 other classes``.
impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut classes: Vec<_> = self.0.iter().collect();
        classes.sort_by_key(|(name, count)| (Reverse(**count), **name));
        let others = classes.split_off(classes.len().min(NAMED));
        for (place, (name, count)) in classes.into_iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            match count {
                1 => write!(f, "`{name}`")?,
                _ => write!(f, "{count} of `{name}`")?,
            }
        }
        let sum: usize = others.iter().map(|(_, count)| **count).sum();
        match others.len() {
            0 => Ok(()),
            1 => write!(f, " and {sum} of another class"),
            more => write!(f, " and {sum} of {more} other classes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_are_said_in_a_few_words() {
        let mut late = Late::default();
        assert!(late.is_empty());
        (0..1_000_000).for_each(|_| late.count("room"));
        ["lobby", "bank", "bank"].into_iter().for_each(|class| late.count(class));
        assert_eq!(late.to_string(), "1000000 of `room`, 2 of `bank`, `lobby`");
        ["a", "b", "c", "d"].into_iter().for_each(|class| late.count(class));
        assert_eq!(late.to_string(), "1000000 of `room`, 2 of `bank`, `a`, `b`, `c` and 2 of 2 other classes");
    }
}
