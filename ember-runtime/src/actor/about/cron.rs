//! What a cron pattern says.

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
}
