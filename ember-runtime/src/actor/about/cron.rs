//! What a cron pattern says, and what it makes of a clock that is put forward or back.

/// A cron pattern, read by the macros: bit sets of the values of each field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cron {
    /// As it was written.
    pub text: &'static str,
    /// 0 to 59.
    pub seconds: u64,
    /// 0 to 59.
    pub minutes: u64,
    /// 0 to 23.
    pub hours: u64,
    /// Of the month, from 1.
    pub days: u64,
    /// From 1.
    pub months: u64,
    /// From Sunday, 0.
    pub weekdays: u64,
    /// Either of day and weekday is enough.
    pub either: bool,
    /// The name of the time zone.
    pub zone: &'static str,
    /// What becomes of a time that the clock leaps over.
    pub gap: Gap,
    /// What becomes of a time that the clock shows twice.
    pub overlap: Overlap,
}

/// What becomes of a local time that does not come, since the clock is put forward over it: `#[cron(…, gap = "…")]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gap {
    /// It does not come that day. The default: no tick comes at a time that the pattern does not say.
    #[default]
    Skip,
    /// All that would have come in the gap comes once, at the first moment after it.
    After,
}

/// What becomes of a local time that comes twice, since the clock is put back over it: `#[cron(…, overlap = "…")]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// It comes twice. The default: a pattern such as `0 */5 * * * *` does not pause for an hour.
    #[default]
    Both,
    /// It comes the first time only, before the clock is put back.
    First,
    /// It comes the second time only, after the clock was put back.
    Second,
}
