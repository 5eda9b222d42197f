//! Durations as people write them: `500ms`, `10s`, `1h30m`.

use std::time::Duration;

const UNITS: &[(&str, u64)] = &[
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
];

/// Reads a duration, or says how one is written.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || {
        let units: Vec<_> = UNITS.iter().map(|(unit, _)| format!("`{unit}`")).collect();
        let units = units.join(", ");
        format!(
            "\"{text}\" is not a duration: write a number and a unit, as in \"10s\" or \"1h30m\"; the units are {units}"
        )
    };
    let too_long = || format!("\"{text}\" is too long: the limit is about 584 years, write \"213503d\" at most");
    let mut nanos = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        if number.is_empty() {
            return Err(wrong());
        }
        // Of digits alone only too many are no number.
        let number: u64 = number.parse().map_err(|_| too_long())?;
        nanos = number.checked_mul(*scale).and_then(|part| nanos.checked_add(part)).ok_or_else(too_long)?;
        rest = tail;
    }
    if nanos == 0 {
        Err(if text.is_empty() {
            wrong()
        } else {
            format!("\"{text}\" is no time at all: a duration is longer than 0")
        })
    } else {
        Ok(Duration::from_nanos(nanos))
    }
}

/// Whether it is the duration of no time.
pub(crate) fn is_nothing(text: &str) -> bool {
    text.contains('0') && !text.contains(|c: char| c.is_ascii_digit() && c != '0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_units_add_up() {
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("2d"), Ok(Duration::from_secs(172_800)));
    }

    #[test]
    fn anything_else_is_refused_with_the_units() {
        for text in ["", "5", "s", "5 parsecs", "5parsecs", "-1s", "1.5s", "1s2", "s5s"] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("`ms`"), "{text}: {error}");
        }
        assert!(parse("0s").unwrap_err().contains("longer than 0"));
        for text in ["1000000d", "999999999999d", "99999999999999999999s"] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("584 years") && error.contains("213503d"), "{text}: {error}");
        }
        assert!(parse("213503d").is_ok());
    }
}
