//! Several handlers of one service at once: what waits and whose turn it is, how many run, and what each of them needs.

pub(crate) mod crew;
pub(crate) mod lines;
mod links;

pub(crate) use self::{
    crew::{Crew, Event, Piece},
    lines::Lines,
    links::{link, refusal},
};
