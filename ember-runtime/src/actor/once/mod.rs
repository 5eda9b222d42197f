//! What a service remembers of the calls that have an id: those that run, and the replies of those that have ended. A repetition is answered
//! here, and never gets as far as the mailbox. Knows bytes and ids, not what is called.

mod callers;
mod service;
mod table;

pub(crate) use self::service::Once;
