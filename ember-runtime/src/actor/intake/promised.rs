//! Places in a mailbox for callbacks that are to come.

use std::sync::Arc;

use crate::{
    actor::{
        cell::Cell,
        erased::{CallbackPermit, Erased, FillPermit, Owed, RouteFn},
        service::Service,
        work::Post,
    },
    message::{Envelope, Lane},
};

/// A place that the mailbox of `cell` has promised.
pub(super) fn promise<S: Service>(cell: Arc<Cell<S>>, route: RouteFn, method: &'static str) -> CallbackPermit {
    CallbackPermit(Box::new(Promised { cell, route, method, filled: false }))
}

/// A place in the user lane that a mailbox has promised.
struct Promised<S: Service> {
    cell: Arc<Cell<S>>,
    route: RouteFn,
    method: &'static str,
    filled: bool,
}

impl<S: Service> FillPermit for Promised<S> {
    fn fill(mut self: Box<Self>, envelope: Envelope, line: Option<u64>, callback: Erased) {
        self.filled = true;
        let job = Owed { callback, route: self.route, method: self.method, envelope, line };
        let _ended = self.cell.mailbox.fill(Lane::User, Post::Job(Box::new(job)));
        self.cell.notice();
    }
}

impl<S: Service> Drop for Promised<S> {
    fn drop(&mut self) {
        if !self.filled {
            self.cell.mailbox.release(Lane::User);
            self.cell.notice();
        }
    }
}
