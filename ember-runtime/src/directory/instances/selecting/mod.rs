//! Whom a client is for, and which of those it calls, as data.

mod choice;
mod key;
mod selector;

pub use self::{
    choice::{Among, Choice, Interest},
    key::Key,
    selector::Selector,
};
