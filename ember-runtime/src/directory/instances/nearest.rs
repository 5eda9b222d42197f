//! Which of the names that are known may have been meant.

use std::mem;

/// How many letters are to be put in, left out or replaced for one name to become the other.
pub(crate) fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = mem::replace(&mut row[0], line + 1);
        for (column, other) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.chars().count()]
}

/// The nearest of the names, if it is near enough to be meant: a third of its letters may be others.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let far = |known: &str| distance(name, known);
    let close = known.filter(|known| far(known) <= known.chars().count().div_ceil(3));
    close.min_by_key(|known| (far(known), *known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let pairs =
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("find", "fnd", 1), ("kitten", "sitting", 3), ("é", "e", 1)];
        for (from, to, letters) in pairs {
            assert_eq!(distance(from, to), letters, "{from} to {to}");
        }
    }

    #[test]
    fn the_nearest_is_meant_and_nothing_that_is_far() {
        let meant = |name| nearest(name, ["idlest", "largest", "last"].into_iter());
        assert_eq!((meant("idelst"), meant("lsat"), meant("large")), (Some("idlest"), Some("last"), Some("largest")));
        assert_eq!((meant("nobody"), meant("")), (None, None));
    }
}
