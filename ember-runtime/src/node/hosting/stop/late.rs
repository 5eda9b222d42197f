//! Who has not finished, in a few words however many they are.

use std::{borrow::Cow, cmp::Reverse, collections::BTreeMap, fmt};

/// So many classes are named.
const NAMED: usize = 5;

/// Services, counted by class; or something else.
#[derive(Debug)]
pub(crate) struct Late {
    /// How many, and how many messages wait behind what they are doing.
    counts: BTreeMap<Cow<'static, str>, (usize, usize)>,
    /// What one of the names stands for, and several.
    kind: [&'static str; 2],
}

impl Default for Late {
    fn default() -> Self {
        Self::of("class", "classes")
    }
}

impl Late {
    pub(crate) fn of(one: &'static str, several: &'static str) -> Self {
        Self { counts: BTreeMap::new(), kind: [one, several] }
    }

    pub(crate) fn count(&mut self, class: impl Into<Cow<'static, str>>) {
        self.counts.entry(class.into()).or_default().0 += 1;
    }

    /// So many messages wait behind those of this class.
    pub(crate) fn queued(&mut self, class: impl Into<Cow<'static, str>>, messages: usize) {
        self.counts.entry(class.into()).or_default().1 += messages;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

/// The largest classes first: ``2000 of `guest`, `lobby` and 7 of 3 other classes``.
impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut classes: Vec<_> = self.counts.iter().collect();
        classes.sort_by_key(|(name, (count, _))| (Reverse(*count), *name));
        let others = classes.split_off(classes.len().min(NAMED));
        for (place, (name, (count, queued))) in classes.into_iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            match count {
                1 => write!(f, "`{name}`")?,
                _ => write!(f, "{count} of `{name}`")?,
            }
            match queued {
                0 => {}
                1 => f.write_str(" (and 1 message that waits)")?,
                _ => write!(f, " (and {queued} messages that wait)")?,
            }
        }
        let sum: usize = others.iter().map(|(_, (count, _))| *count).sum();
        let [one, several] = self.kind;
        match others.len() {
            0 => Ok(()),
            1 => write!(f, " and {sum} of another {one}"),
            more => write!(f, " and {sum} of {more} other {several}"),
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

    #[test]
    fn what_waits_behind_is_said_too() {
        let mut late = Late::of("method", "methods");
        late.count("shop.rpc_find".to_owned());
        late.queued("shop.rpc_find", 1);
        late.count("bank");
        late.queued("bank", 3);
        late.count("bank");
        assert_eq!(
            late.to_string(),
            "2 of `bank` (and 3 messages that wait), `shop.rpc_find` (and 1 message that waits)"
        );
    }
}
