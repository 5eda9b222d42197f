//! Several handlers of one service at once: what waits and whose turn it is, how many run, and what each of them needs.

pub(crate) mod lines;
mod links;
pub(crate) mod roster;
#[cfg(test)]
mod roster_tests;

pub(crate) use self::{
    lines::Lines,
    links::{link, refusal},
    roster::{Event, Piece, Roster},
};
