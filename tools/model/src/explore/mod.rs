//! Ways of looking for what can happen: everything near the beginning, or walks at random far beyond it.

mod breadth;
mod chance;
mod recover;
mod seen;
mod shrink;
mod walk;

use crate::{action::Action, properties::Broken};

pub(crate) use self::{
    breadth::breadth,
    recover::{End, recover},
    shrink::replay,
    walk::{Walks, walk},
};

/// A property that was broken, and how that came.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub(crate) broken: Broken,
    pub(crate) actions: Vec<Action>,
}

/// What was looked at.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Different moments.
    pub(crate) moments: usize,
    /// Actions from the beginning to the furthest.
    pub(crate) depth: usize,
    /// There is nothing else within the bounds.
    pub(crate) complete: bool,
    /// Walks after whose faults a master came back; those that need an operator.
    pub(crate) ends: (usize, usize),
    pub(crate) found: Option<Trace>,
}
