//! Timers, declared and made at run time. They deliver their ticks through the mailbox of their service; here is when they are
//! due, and nothing of what they do.
//!
//! A timer costs one task of tokio's, which sleeps in tokio's own timer wheel (a hierarchical one, of one millisecond), and
//! holds no thread.

#[cfg(feature = "cron")]
mod cron;
mod declared;
mod made;
mod tick;
mod ticks;

pub(crate) use self::declared::{check, start};
pub use self::made::TimerHandle;
