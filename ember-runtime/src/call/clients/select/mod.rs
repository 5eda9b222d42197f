//! Selections: filters, and what they end in.

mod builder;
mod filtered;

pub use self::{
    builder::Select,
    filtered::{ChoosesOne, Filtered},
};
