//! From a request to its outcome: the fast paths, and the slow one that can wait and try again.

mod exit;
mod fast;
mod fresh;
mod later;
mod learn;
mod once;
mod one_way;
mod parcel;
mod repeat;
mod resolved;
mod settle;
mod slow;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    exit::{Leaving, leave, leave_by_name},
    fast::{Tried, attempt},
    fresh::far,
    later::make_later,
    one_way::send,
    parcel::{Arrived, Parcel, SlowCall},
    slow::run,
};
