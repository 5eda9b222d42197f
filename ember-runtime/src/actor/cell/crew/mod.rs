//! A service of which several handlers run at once: what waits, who takes it, and what is refused since it would wait in vain.

mod at_work;
mod state;
mod together;
mod vain;

pub(crate) use self::{
    at_work::AtWork,
    state::{Begun, Order, Together},
};
