//! When a cron pattern comes next.

use std::time::Duration;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::actor::Cron;

/// No pattern that can come at all takes longer: 29 February on one weekday, over a century without a leap year.
const HORIZON: i32 = 366 * 41;

/// A pattern in its time zone.
pub(super) struct Calendar {
    cron: Cron,
    zone: TimeZone,
}

impl Calendar {
    /// # Errors
    /// If this machine does not know the time zone.
    pub(super) fn new(cron: Cron) -> Result<Self, String> {
        let zone = match cron.zone {
            "UTC" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|error| error.to_string())?,
        };
        Ok(Self { cron, zone })
    }

    /// The first time after `now` (since 1970) at which a clock on the wall in this zone shows what the pattern says. A time
    /// that the clock leaps over does not come; one that it shows twice comes twice.
    pub(super) fn next(&self, now: Duration) -> Option<Duration> {
        let mut from = Timestamp::from_second(i64::try_from(now.as_secs()).ok()?.checked_add(1)?).ok()?;
        loop {
            let offset = self.zone.to_offset(from);
            let change = self.zone.following(from).next().map(|transition| transition.timestamp());
            let found = self.civil(offset.to_datetime(from)).and_then(|local| offset.to_timestamp(local).ok());
            match (found, change) {
                (Some(found), Some(change)) if found >= change => from = change,
                (Some(found), _) => return u64::try_from(found.as_second()).ok().map(Duration::from_secs),
                (None, _) => return None,
            }
        }
    }

    /// The first local time from `from` on that fits.
    fn civil(&self, from: DateTime) -> Option<DateTime> {
        let mut date = from.date();
        let (mut hour, mut minute, mut second) = (from.hour(), from.minute(), from.second());
        for _ in 0..HORIZON {
            if self.fits(date)
                && let Some((hour, minute, second)) = self.time((hour, minute, second))
            {
                return Some(date.at(hour, minute, second, 0));
            }
            date = date.tomorrow().ok()?;
            (hour, minute, second) = (0, 0, 0);
        }
        None
    }

    fn fits(&self, date: jiff::civil::Date) -> bool {
        let Cron { days, months, weekdays, either, .. } = self.cron;
        let day = has(days, date.day());
        let weekday = has(weekdays, date.weekday().to_sunday_zero_offset());
        has(months, date.month()) && if either { day || weekday } else { day && weekday }
    }

    /// The first time of a day, from the given one on.
    fn time(&self, (hour, minute, second): (i8, i8, i8)) -> Option<(i8, i8, i8)> {
        let Cron { seconds, minutes, hours, .. } = self.cron;
        let (first_minute, first_second) = (first(minutes, 0)?, first(seconds, 0)?);
        if has(hours, hour) {
            if has(minutes, minute)
                && let Some(second) = first(seconds, second)
            {
                return Some((hour, minute, second));
            }
            if let Some(minute) = first(minutes, minute + 1) {
                return Some((hour, minute, first_second));
            }
        }
        first(hours, hour + 1).map(|hour| (hour, first_minute, first_second))
    }
}

fn has(set: u64, value: i8) -> bool {
    set >> value & 1 == 1
}

/// The first value of the set that is not below `from`.
fn first(set: u64, from: i8) -> Option<i8> {
    (from..60).find(|value| has(set, *value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Cron = Cron {
        text: "* * * * * *",
        seconds: (1 << 60) - 1,
        minutes: (1 << 60) - 1,
        hours: (1 << 24) - 1,
        days: ((1 << 31) - 1) << 1,
        months: ((1 << 12) - 1) << 1,
        weekdays: 0x7f,
        either: false,
        zone: "UTC",
    };

    /// The next `count` times after `from`, as local texts with their offset.
    fn next(cron: Cron, from: &str, count: usize) -> Vec<String> {
        let calendar = Calendar::new(cron).expect("the zone is known");
        let mut now = Duration::from_secs(from.parse::<Timestamp>().unwrap().as_second() as u64);
        let mut texts = Vec::new();
        for _ in 0..count {
            now = calendar.next(now).expect("the pattern comes");
            let zoned = Timestamp::from_second(now.as_secs() as i64).unwrap().to_zoned(calendar.zone.clone());
            texts.push(zoned.strftime("%Y-%m-%d %H:%M:%S %:z").to_string());
        }
        texts
    }

    #[test]
    fn the_next_time_is_after_now_and_fits_every_field() {
        let five = Cron { seconds: 1, minutes: 1 | 1 << 30, ..ALL };
        let times = next(five, "2024-02-28T23:00:00Z", 3);
        assert_eq!(times, ["2024-02-28 23:30:00 +00:00", "2024-02-29 00:00:00 +00:00", "2024-02-29 00:30:00 +00:00"]);
        let leap = Cron { seconds: 1, minutes: 1, hours: 1, days: 1 << 29, months: 1 << 2, ..ALL };
        assert_eq!(next(leap, "2024-02-29T00:00:00Z", 1), ["2028-02-29 00:00:00 +00:00"]);
        assert_eq!(next(ALL, "2024-12-31T23:59:59Z", 1), ["2025-01-01 00:00:00 +00:00"]);
    }

    #[test]
    fn day_or_weekday_is_enough_where_both_are_said() {
        let cron = Cron { seconds: 1, minutes: 1, hours: 1, days: 1 << 13, weekdays: 1 << 5, either: true, ..ALL };
        let times = next(cron, "2024-08-08T00:00:00Z", 3);
        assert_eq!(times.map_first(), ["2024-08-09", "2024-08-13", "2024-08-16"]);
    }

    trait Dates {
        fn map_first(&self) -> Vec<&str>;
    }
    impl Dates for Vec<String> {
        fn map_first(&self) -> Vec<&str> {
            self.iter().map(|text| &text[..10]).collect()
        }
    }

    #[test]
    fn a_time_that_the_clock_leaps_over_does_not_come_and_one_shown_twice_comes_twice() {
        let half_past_two = Cron { seconds: 1, minutes: 1 << 30, hours: 1 << 2, zone: "Europe/Berlin", ..ALL };
        let spring = next(half_past_two, "2024-03-30T12:00:00Z", 1);
        assert_eq!(spring, ["2024-04-01 02:30:00 +02:00"]);
        let autumn = next(half_past_two, "2024-10-26T12:00:00Z", 3);
        assert_eq!(autumn, ["2024-10-27 02:30:00 +02:00", "2024-10-27 02:30:00 +01:00", "2024-10-28 02:30:00 +01:00"]);
    }

    #[test]
    fn an_unknown_zone_is_an_error() {
        assert!(Calendar::new(Cron { zone: "Mars/Base", ..ALL }).is_err());
    }
}
