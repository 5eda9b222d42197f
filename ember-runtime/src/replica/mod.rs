//! State that outlives its master: what the members of a group agree upon. Knows neither I/O nor the user's types.

#![allow(dead_code, reason = "the room is being built: only its decisions are here")]

mod rules;
#[cfg(test)]
mod rules_tests;
