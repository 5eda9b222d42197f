//! A range of keys, in the three shapes that the etcd API knows.

use std::ops::Bound;

use bytes::Bytes;

/// Where a range starts and ends, as a `BTreeMap` wants to be told.
type Bounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// One key, every key from one on, or `[start, end)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRange {
    start: Bytes,
    end: End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// Only `start` itself.
    Single,
    /// Everything from `start` on.
    Open,
    /// Up to this key, exclusive.
    Before(Bytes),
}

impl KeyRange {
    /// Only `key`.
    pub(crate) fn single(key: impl Into<Bytes>) -> Self {
        Self { start: key.into(), end: End::Single }
    }

    /// Every key that starts with `prefix`.
    pub(crate) fn prefix(prefix: impl Into<Bytes>) -> Self {
        let start = prefix.into();
        if start.is_empty() {
            return Self::all();
        }
        // The first key after all of them: the last byte that can be raised is raised, what follows it is cut off.
        let end = match start.iter().rposition(|byte| *byte < u8::MAX) {
            Some(last) => {
                let mut end = start[..=last].to_vec();
                end[last] += 1;
                End::Before(end.into())
            }
            None => End::Open,
        };
        Self { start, end }
    }

    /// Every key. No key is empty, so this is the first.
    pub(crate) fn all() -> Self {
        Self { start: Bytes::from_static(&[0]), end: End::Open }
    }

    /// The etcd API's way to say it: no end is a single key, a zero byte is "from `start` on".
    pub(crate) fn from_wire(start: impl Into<Bytes>, end: impl Into<Bytes>) -> Self {
        let end: Bytes = end.into();
        let end = match &end[..] {
            [] => End::Single,
            [0] => End::Open,
            _ => End::Before(end),
        };
        Self { start: start.into(), end }
    }

    pub(crate) fn start(&self) -> &Bytes {
        &self.start
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        match &self.end {
            End::Single => key == self.start,
            End::Open => key >= &self.start[..],
            End::Before(end) => key >= &self.start[..] && key < &end[..],
        }
    }

    /// Its start and its end (exclusive). `None` if it holds nothing, or has no end.
    pub(crate) fn interval(&self) -> Option<(Bytes, Bytes)> {
        let end = match &self.end {
            End::Single => [&self.start[..], &[0]].concat().into(),
            End::Before(end) if *end > self.start => end.clone(),
            End::Before(_) | End::Open => return None,
        };
        Some((self.start.clone(), end))
    }

    /// Whether no key can be in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.bounds().is_none()
    }

    /// The bounds for a `BTreeMap`; `None` for a range that holds nothing (there, asking the map would panic).
    pub(crate) fn bounds(&self) -> Option<Bounds<'_>> {
        let end = match &self.end {
            End::Single => Bound::Included(&self.start[..]),
            End::Open => Bound::Unbounded,
            End::Before(end) if end > &self.start => Bound::Excluded(&end[..]),
            End::Before(_) => return None,
        };
        Some((Bound::Included(&self.start[..]), end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_holds_exactly_the_keys_that_start_with_it() {
        let range = KeyRange::prefix("a/");
        for (key, within) in [("a/", true), ("a/z", true), ("a0", false), ("a", false), ("a.", false)] {
            assert_eq!(range.contains(key.as_bytes()), within, "{key}");
        }
        assert!(KeyRange::prefix("").contains(b"anything"));
        assert!(KeyRange::prefix(vec![7, 255]).contains(&[7, 255, 255]));
        assert!(!KeyRange::prefix(vec![7, 255]).contains(&[8]));
        assert!(KeyRange::prefix(vec![255]).contains(&[255, 255]));
    }

    #[test]
    fn a_range_that_ends_before_it_starts_is_empty() {
        assert!(KeyRange::from_wire("b", "a").bounds().is_none());
        assert!(KeyRange::from_wire("b", "b").bounds().is_none());
    }
}
