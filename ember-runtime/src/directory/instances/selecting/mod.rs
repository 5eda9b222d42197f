//! Whom a client is for, and which of those it calls, as data.

mod key;
mod selector;
mod written;

pub use self::{
    key::Key,
    selector::{Among, Choice, Interest, Selector},
};
