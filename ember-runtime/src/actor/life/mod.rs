//! The life of a service: its driver starts it, serves, starts it again, and stops it.

mod blueprint;
mod limited;
mod run;
mod serve;
mod settle;

pub(crate) use self::blueprint::blueprint;
