//! Cron patterns with seconds: `0 */5 * * * *`. Read here, so that a slip is an error at the text; the runtime gets bit sets.

use crate::model::Cron;

/// A field: its name, its range, and the names that its values have.
struct Field {
    name: &'static str,
    /// Many of them, a short name, what they are in, and the unit of `#[every]`.
    words: (&'static str, &'static str, &'static str, Option<char>),
    min: u8,
    max: u8,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const FIELDS: [Field; 6] = [
    Field { name: "second", words: ("seconds", "second", "minute", Some('s')), min: 0, max: 59, names: &[] },
    Field { name: "minute", words: ("minutes", "minute", "hour", Some('m')), min: 0, max: 59, names: &[] },
    Field { name: "hour", words: ("hours", "hour", "day", Some('h')), min: 0, max: 23, names: &[] },
    Field {
        name: "day of the month",
        words: ("days of the month", "day", "month", Some('d')),
        min: 1,
        max: 31,
        names: &[],
    },
    Field { name: "month", words: ("months", "month", "year", None), min: 1, max: 12, names: MONTHS },
    Field { name: "day of the week", words: ("days of the week", "day", "week", None), min: 0, max: 7, names: DAYS },
];

/// The most days that each month can have.
const LENGTHS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Reads a pattern, or says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Cron, String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        return Err(format!(
            "\"{text}\" has {} fields: write six, \"second minute hour day month weekday\", as in \"0 */5 * * * *\"",
            parts.len()
        ));
    }
    let mut sets = [0_u64; 6];
    for ((set, part), field) in sets.iter_mut().zip(&parts).zip(&FIELDS) {
        *set = field.set(part)?;
    }
    let [seconds, minutes, hours, days, months, mut weekdays] = sets;
    // Sunday has two numbers.
    weekdays = (weekdays | weekdays >> 7) & 0x7f;
    let (any_day, any_weekday) = (parts[3].starts_with('*'), parts[5].starts_with('*'));
    let comes = |month: &usize| months >> (month + 1) & 1 == 1 && days & ((2 << LENGTHS[*month]) - 1) != 0;
    if any_weekday && !(0..12).any(|month| comes(&month)) {
        return Err(format!("\"{text}\" never comes: no such month has such a day"));
    }
    Ok(Cron { seconds, minutes, hours, days, months, weekdays, either: !any_day && !any_weekday })
}

impl Field {
    /// The values that a field of a pattern stands for, as a bit set.
    fn set(&self, part: &str) -> Result<u64, String> {
        part.split(',').try_fold(0, |set, item| Ok(set | self.item(item)?))
    }

    fn item(&self, item: &str) -> Result<u64, String> {
        let (range, step) = match item.split_once('/') {
            None => (item, None),
            Some((range, step)) => {
                let step = number::<u32>(step).filter(|step| *step > 0);
                (range, Some(step.ok_or_else(|| self.wrong(item, "a step is a number greater than 0, as in `*/5`"))?))
            }
        };
        let (first, last) = if range == "*" {
            // Sunday once.
            (self.min, self.max.min(if self.max == 7 { 6 } else { self.max }))
        } else if let Some((first, last)) = range.split_once('-') {
            (self.value(first, item)?, self.value(last, item)?)
        } else {
            let first = self.value(range, item)?;
            (first, if step.is_some() { self.max } else { first })
        };
        if first > last {
            return Err(self.wrong(item, "the range ends before it begins"));
        }
        let step = step.unwrap_or(1);
        if step > 1 && step > u32::from(last - first) {
            return Err(self.no_step(item, (first, last), step, !range.contains('-')));
        }
        Ok((first..=last).step_by(step as usize).fold(0, |set, value| set | 1 << value))
    }

    fn value(&self, text: &str, item: &str) -> Result<u8, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = named.map(|index| index as u8 + u8::from(self.names.len() == 12));
        let value = named.or_else(|| number(text));
        value.filter(|value| (self.min..=self.max).contains(value)).ok_or_else(|| {
            let names = match self.names {
                [first, .., last] => format!(", or {first} to {last}"),
                _ => String::new(),
            };
            self.wrong(item, &format!("it goes from {} to {}{names}", self.min, self.max))
        })
    }

    /// A step that leads out of the range at once.
    fn no_step(&self, item: &str, (first, last): (u8, u8), step: u32, open: bool) -> String {
        let (many, one, whole, unit) = self.words;
        let from = if open { self.min } else { first };
        let interval = match unit {
            Some(unit) if open => format!(", or for every {step} {} `#[every(\"{step}{unit}\")]`", plain(many)),
            _ => String::new(),
        };
        let here = if open { "" } else { " here" };
        format!(
            "`{item}`: {many} go from {from} to {last}{here}, so this would be {one} {first} of every {whole}: \
             write `{first}`{interval}"
        )
    }

    fn wrong(&self, item: &str, why: &str) -> String {
        format!("`{item}` is not a {}: {why}", self.name)
    }
}

/// Digits only: `parse` alone takes `+5` as well.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// "days" of "days of the month".
fn plain(many: &str) -> &str {
    many.split(' ').next().unwrap_or(many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_sets() {
        let cron = parse("0 */15 9-17 * JAN,6 mon-fri").unwrap();
        assert_eq!((cron.seconds, cron.minutes), (1, 1 | 1 << 15 | 1 << 30 | 1 << 45));
        assert_eq!((cron.hours, cron.months, cron.weekdays), (0x1ff << 9, 1 << 1 | 1 << 6, 0b11_1110));
        assert!(!cron.either);
        assert_eq!(parse("5/20 * * * * 7").unwrap().seconds, 1 << 5 | 1 << 25 | 1 << 45);
        assert_eq!(parse("0 0 0 * * 7").unwrap().weekdays, parse("0 0 0 * * SUN").unwrap().weekdays);
        assert_eq!(parse("0 0 0 * * *").unwrap().weekdays, 0x7f);
        assert!(parse("0 0 0 13 * 5").unwrap().either);
    }

    #[test]
    fn slips_are_named_with_their_field() {
        for (text, part) in [
            ("*/5 * * * *", "has 5 fields"),
            ("60 * * * * *", "`60` is not a second: it goes from 0 to 59"),
            ("0 0 0 0 * *", "`0` is not a day of the month"),
            ("0 0 0 * FOO *", "or JAN to DEC"),
            ("0 0 0 * * 8", "`8` is not a day of the week"),
            ("0 5-1 * * * *", "ends before it begins"),
            ("0 */0 * * * *", "a step is a number greater than 0"),
            ("0 0 0 31 2 *", "never comes"),
            ("0 +5 * * * *", "`+5` is not a minute"),
            ("0 */+5 * * * *", "a step is a number greater than 0"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_step_beyond_the_range_is_told_what_it_would_have_meant() {
        let every = "minutes go from 0 to 59, so this would be minute 0 of every hour: write `0`";
        for (text, message) in [
            ("0 */90 * * * *", format!("`*/90`: {every}, or for every 90 minutes `#[every(\"90m\")]`")),
            ("0 0/70 * * * *", format!("`0/70`: {every}, or for every 70 minutes `#[every(\"70m\")]`")),
            ("0 5,*/300 * * * *", format!("`*/300`: {every}, or for every 300 minutes `#[every(\"300m\")]`")),
            (
                "0 0-10/11 * * * *",
                "`0-10/11`: minutes go from 0 to 10 here, so this would be minute 0 of every hour: write `0`".into(),
            ),
            (
                "0 0 0 */31 * *",
                "`*/31`: days of the month go from 1 to 31, so this would be day 1 of every month: write `1`, or for every \
                 31 days `#[every(\"31d\")]`"
                    .into(),
            ),
            (
                "0 0 0 * * */7",
                "`*/7`: days of the week go from 0 to 6, so this would be day 0 of every week: write `0`".into(),
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), message);
        }
        // The last step that leads somewhere, and one that changes nothing.
        assert_eq!(parse("0 */59 * * * *").unwrap().minutes, 1 | 1 << 59);
        assert_eq!(parse("0 59/1 * * * *").unwrap().minutes, 1 << 59);
    }
}
