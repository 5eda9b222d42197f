//! The end of a node, which one of its services asks for.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use crate::sync::lock;

/// Ends the node; returns at once.
type End = Arc<dyn Fn() + Send + Sync>;

/// Whether the node is to end, and who sees to it.
#[derive(Default)]
pub(crate) struct AskedToEnd(Mutex<State>);

#[derive(Default)]
enum State {
    /// The node has not started yet.
    #[default]
    Early,
    /// Nor had it when it was asked.
    Wanted,
    Started(End),
}

impl AskedToEnd {
    /// The node is to end: now, or once it has started.
    pub(crate) fn ask(&self) {
        let end = match &mut *lock(&self.0) {
            State::Started(end) => Arc::clone(end),
            early => return *early = State::Wanted,
        };
        end();
    }

    /// The node has started, and this ends it.
    pub(crate) fn is_heard_by(&self, end: impl Fn() + Send + Sync + 'static) {
        let end: End = Arc::new(end);
        let before = mem::replace(&mut *lock(&self.0), State::Started(Arc::clone(&end)));
        if let State::Wanted = before {
            end();
        }
    }
}
