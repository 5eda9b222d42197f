//! Whom a call is for, what it takes along, and what becomes of it.

mod args;
mod choosing;
mod inherited;
#[cfg(feature = "testing")]
pub(crate) mod inputs;
mod outcome;
mod owed;
mod question;
mod request;
mod retry;
mod target;

pub(crate) use self::{
    args::Args,
    inherited::{Inherited, overtaken},
    outcome::{Attempt, HandedOver, Outcome, describe, failed, sound, undecodable, waits},
    owed::OwedCall,
    question::{
        CloseStream, Describe, EndOf, Entries, EntriesOf, HowFar, LearnFrom, More, OutcomeOf, Piece, PieceOf, Promise,
        Question, Replicate,
    },
    request::Options,
    retry::Keep,
    target::{Aim, Destination, Only, Target},
};
pub use self::{
    request::Request,
    retry::{Repeat, Retry, RetryMaybeExecuted, RetryPolicy},
};
