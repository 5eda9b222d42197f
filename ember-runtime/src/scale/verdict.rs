//! What a strategy says.

use serde::{Deserialize, Serialize};

/// Fewer workers, as many, or more. In this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Fewer.
    Shrink,
    /// As many as there are.
    Hold,
    /// More.
    Grow,
}

/// What a [`Strategy`](super::Strategy) says, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Which way. None: it cannot tell, and others decide.
    pub step: Option<Step>,
    /// A short reason, as it stands in the log: `12.5 messages wait for a worker, more than 10`.
    pub why: String,
}

impl Verdict {
    /// More workers.
    pub fn grow(why: impl Into<String>) -> Self {
        Self { step: Some(Step::Grow), why: why.into() }
    }

    /// As many as there are.
    pub fn hold(why: impl Into<String>) -> Self {
        Self { step: Some(Step::Hold), why: why.into() }
    }

    /// Fewer workers.
    pub fn shrink(why: impl Into<String>) -> Self {
        Self { step: Some(Step::Shrink), why: why.into() }
    }

    /// It cannot tell: in [`any`](super::Scale::any), [`all`](super::Scale::all) and [`weighted`](super::Scale::weighted) it is as if it were
    /// not there; alone it holds.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { step: None, why: why.into() }
    }
}
