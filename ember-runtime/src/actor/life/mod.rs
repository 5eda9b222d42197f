//! The life of a service: its driver starts it, serves, starts it again, and stops it.

mod kind;
mod run;
mod serve;
mod settle;

pub(crate) use self::kind::kind;
