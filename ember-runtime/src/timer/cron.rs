//! When a cron pattern comes next.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{Offset, TimeZone},
};

use crate::{
    actor::{Cron, Gap, Overlap, Schedule},
    clock::Clock,
    sync::lock,
};

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

    /// The first time after `now` (since 1970) at which a clock on the wall in this zone shows what the pattern says. Local times
    /// that do not come, or come twice, are as [`Gap`] and [`Overlap`] say.
    ///
    /// It always counts from the pattern, never from the last tick: what a gap has moved is back at its time the day after.
    pub(super) fn next(&self, now: Duration) -> Option<Duration> {
        let mut from = i64::try_from(now.as_secs()).ok()?.checked_add(1)?;
        loop {
            let stretch = Stretch::at(&self.zone, from)?;
            if let Some(begin) = stretch.begin {
                if self.cron.gap == Gap::After && begin == from && self.falls_into(&stretch) {
                    return seconds(from);
                }
                if self.cron.overlap == Overlap::First {
                    from = from.max(begin + i64::from(stretch.before - stretch.offset).max(0));
                }
            }
            let found = self.civil(local(stretch.offset, from)?).and_then(|found| at(stretch.offset, found));
            let Some(end) = stretch.end else { return seconds(found?) };
            let last = match self.cron.overlap {
                Overlap::Second => end - i64::from(stretch.offset - stretch.after).max(0),
                Overlap::First | Overlap::Both => end,
            };
            match found? {
                found if found >= last => from = end,
                found => return seconds(found),
            }
        }
    }

    /// Whether the pattern says a time that the clock leapt over when the stretch began.
    fn falls_into(&self, stretch: &Stretch) -> bool {
        let Some(begin) = stretch.begin else { return false };
        let (Some(first), Some(end)) = (local(stretch.before, begin), local(stretch.offset, begin)) else {
            return false;
        };
        self.civil(first).is_some_and(|found| found < end)
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

/// The timers of one unit that follow the calendar, by their place among all that it declares.
pub(super) struct Following {
    clock: Arc<dyn Clock>,
    all: Mutex<Vec<(usize, Follows)>>,
}

struct Follows {
    calendar: Calendar,
    /// When it comes next. Counted from the last time that was seen to, so that none comes twice.
    due: Option<Duration>,
}

impl Following {
    pub(super) fn all(schedules: impl Iterator<Item = Schedule>, clock: &Arc<dyn Clock>) -> Self {
        let follows = |(number, schedule)| {
            let Schedule::Cron(cron) = schedule else { return None };
            // The zone was looked up when the table was made.
            let calendar = Calendar::new(cron).ok()?;
            Some((number, Follows { due: calendar.next(clock.now()), calendar }))
        };
        Self { all: Mutex::new(schedules.enumerate().filter_map(follows).collect()), clock: Arc::clone(clock) }
    }

    /// Whether it has come, and how long it is until it comes, or comes again.
    pub(super) fn look(&self, number: usize) -> (bool, Option<Duration>) {
        let now = self.clock.now();
        let mut all = lock(&self.all);
        let Some((_, follows)) = all.iter_mut().find(|(of, _)| *of == number) else { return (false, None) };
        let Some(due) = follows.due else { return (false, None) };
        let comes = now >= due;
        if comes {
            // Whatever was due up to now is made up for by this tick.
            follows.due = follows.calendar.next(now);
        }
        (comes, follows.due.map(|due| due.saturating_sub(now)))
    }
}

/// A time during which the clock of a zone is not put forward or back. Offsets are from UTC, in seconds; times are seconds since 1970.
struct Stretch {
    begin: Option<i64>,
    /// The first second after it.
    end: Option<i64>,
    before: i32,
    offset: i32,
    after: i32,
}

impl Stretch {
    /// The one that `second` is in. `None` if that is beyond the calendar.
    fn at(zone: &TimeZone, second: i64) -> Option<Self> {
        let at = Timestamp::from_second(second).ok()?;
        let offset = |second| Some(zone.to_offset(Timestamp::from_second(second).ok()?).seconds());
        let here = offset(second)?;
        // A change at this very second begins the stretch.
        let next = Timestamp::from_second(second + 1).ok()?;
        let begin = zone.preceding(next).next().map(|change| change.timestamp().as_second());
        let end = zone.following(at).next().map(|change| change.timestamp().as_second());
        Some(Self {
            begin,
            end,
            before: begin.and_then(|begin| offset(begin - 1)).unwrap_or(here),
            offset: here,
            after: end.and_then(offset).unwrap_or(here),
        })
    }
}

/// What a clock shows.
fn local(offset: i32, second: i64) -> Option<DateTime> {
    Some(Offset::from_seconds(offset).ok()?.to_datetime(Timestamp::from_second(second).ok()?))
}

/// When a clock shows it.
fn at(offset: i32, local: DateTime) -> Option<i64> {
    Some(Offset::from_seconds(offset).ok()?.to_timestamp(local).ok()?.as_second())
}

fn seconds(second: i64) -> Option<Duration> {
    u64::try_from(second).ok().map(Duration::from_secs)
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
        gap: Gap::Skip,
        overlap: Overlap::Both,
    };

    /// The next `count` times after `from`, as local texts with their offset.
    fn next(cron: Cron, from: &str, count: usize) -> Vec<String> {
        let calendar = Calendar::new(cron).expect("the zone is known");
        let mut now = Duration::from_secs(from.parse::<Timestamp>().unwrap().as_second() as u64);
        let mut texts = Vec::new();
        for _ in 0..count {
            now = calendar.next(now).expect("the pattern comes");
            let at = Timestamp::from_second(now.as_secs() as i64).unwrap();
            let offset = calendar.zone.to_offset(at).seconds();
            let shown = local(offset, at.as_second()).unwrap();
            let (hours, minutes) = (offset / 3600, offset.abs() / 60 % 60);
            texts.push(format!("{} {hours:+03}:{minutes:02}", shown.to_string().replace('T', " ")));
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

    /// Every day at `hour`:`minute` in the zone.
    fn daily(zone: &'static str, hour: u32, minute: u32) -> Cron {
        Cron { seconds: 1, minutes: 1 << minute, hours: 1 << hour, zone, ..ALL }
    }

    #[test]
    fn after_the_gap_a_skipped_time_comes_at_once_and_the_day_after_at_its_own() {
        let berlin = Cron { gap: Gap::After, ..daily("Europe/Berlin", 2, 30) };
        assert_eq!(
            next(berlin, "2024-03-30T12:00:00Z", 3),
            ["2024-03-31 03:00:00 +02:00", "2024-04-01 02:30:00 +02:00", "2024-04-02 02:30:00 +02:00"]
        );
        let new_york = Cron { gap: Gap::After, ..daily("America/New_York", 2, 30) };
        assert_eq!(
            next(new_york, "2024-03-09T12:00:00Z", 2),
            ["2024-03-10 03:00:00 -04:00", "2024-03-11 02:30:00 -04:00"]
        );
        // Here the clock goes from 2:00 to 2:30.
        let lord_howe = Cron { gap: Gap::After, ..daily("Australia/Lord_Howe", 2, 15) };
        assert_eq!(
            next(lord_howe, "2024-10-05T12:00:00Z", 2),
            ["2024-10-06 02:30:00 +11:00", "2024-10-07 02:15:00 +11:00"]
        );
        // A whole day was left out.
        let apia = Cron { gap: Gap::After, ..daily("Pacific/Apia", 12, 0) };
        assert_eq!(
            next(apia, "2011-12-29T00:00:00Z", 3),
            ["2011-12-29 12:00:00 -10:00", "2011-12-31 00:00:00 +14:00", "2011-12-31 12:00:00 +14:00"]
        );
    }

    #[test]
    fn all_that_a_gap_skips_comes_once_and_what_comes_anyway_comes_once_too() {
        let half_hours = Cron { seconds: 1, minutes: 1 | 1 << 30, zone: "Europe/Berlin", gap: Gap::After, ..ALL };
        assert_eq!(
            next(half_hours, "2024-03-31T00:30:00Z", 2),
            ["2024-03-31 03:00:00 +02:00", "2024-03-31 03:30:00 +02:00"]
        );
        let quarter_past = Cron { minutes: 1 << 15, ..half_hours };
        assert_eq!(
            next(quarter_past, "2024-03-31T00:30:00Z", 2),
            ["2024-03-31 03:00:00 +02:00", "2024-03-31 03:15:00 +02:00"]
        );
        // 3:00 is after the gap, not in it; and 1:59:59 is before.
        assert_eq!(next(daily_after(3, 0), "2024-03-30T12:00:00Z", 1), ["2024-03-31 03:00:00 +02:00"]);
        assert_eq!(next(daily_after(1, 59), "2024-03-31T00:59:00Z", 1), ["2024-04-01 01:59:00 +02:00"]);
    }

    fn daily_after(hour: u32, minute: u32) -> Cron {
        Cron { gap: Gap::After, ..daily("Europe/Berlin", hour, minute) }
    }

    #[test]
    fn a_gap_is_skipped_in_every_zone_by_default() {
        assert_eq!(next(daily("America/New_York", 2, 30), "2024-03-09T12:00:00Z", 1), ["2024-03-11 02:30:00 -04:00"]);
        assert_eq!(
            next(daily("Australia/Lord_Howe", 2, 15), "2024-10-05T12:00:00Z", 1),
            ["2024-10-07 02:15:00 +11:00"]
        );
    }

    #[test]
    fn of_a_time_that_is_shown_twice_the_chosen_one_comes() {
        let zones = [
            ("Europe/Berlin", 2, 30, "2024-10-26T12:00:00Z", "2024-10-27 02:30:00", "+02:00", "+01:00"),
            ("America/New_York", 1, 30, "2024-11-02T12:00:00Z", "2024-11-03 01:30:00", "-04:00", "-05:00"),
            ("Australia/Lord_Howe", 1, 45, "2024-04-06T12:00:00Z", "2024-04-07 01:45:00", "+11:00", "+10:30"),
        ];
        for (zone, hour, minute, from, shown, summer, winter) in zones {
            let cron = |overlap| Cron { overlap, ..daily(zone, hour, minute) };
            let (first, second) = (format!("{shown} {summer}"), format!("{shown} {winter}"));
            assert_eq!(next(cron(Overlap::Both), from, 2), [first.clone(), second.clone()]);
            let only_first = next(cron(Overlap::First), from, 2);
            assert_eq!(only_first[0], first);
            assert_ne!(only_first[1], second);
            let only_second = next(cron(Overlap::Second), from, 2);
            assert_eq!(only_second[0], second);
            assert_ne!(only_second[1][..10], second[..10]);
        }
    }

    #[test]
    fn an_overlap_ends_where_the_clock_was_put_back() {
        let half_hours = |overlap| Cron { seconds: 1, minutes: 1 | 1 << 30, zone: "Europe/Berlin", overlap, ..ALL };
        assert_eq!(
            next(half_hours(Overlap::First), "2024-10-27T00:00:00Z", 2),
            ["2024-10-27 02:30:00 +02:00", "2024-10-27 03:00:00 +01:00"]
        );
        assert_eq!(
            next(half_hours(Overlap::Second), "2024-10-26T23:30:00Z", 3),
            ["2024-10-27 02:00:00 +01:00", "2024-10-27 02:30:00 +01:00", "2024-10-27 03:00:00 +01:00"]
        );
    }

    #[test]
    fn an_unknown_zone_is_an_error() {
        assert!(Calendar::new(Cron { zone: "Mars/Base", ..ALL }).is_err());
    }
}
