//! What was probably meant by a word that is none of those that are known.

/// ``` `a`, `b` ```.
pub(crate) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The name that was probably meant.
pub(crate) fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let (distance, close) = known.iter().map(|other| (distance(name, other), *other)).min()?;
    (distance <= 1 + name.len() / 4).then_some(close)
}

/// How many letters to add, drop or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut above_left = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = above_left + usize::from(from != *to);
            above_left = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(above_left + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_recognized() {
        let known = ["name", "timeout", "priority"];
        assert_eq!(closest("timout", &known), Some("timeout"));
        assert_eq!(closest("nmae", &known), Some("name"));
        assert_eq!(closest("colour", &known), None);
    }
}
