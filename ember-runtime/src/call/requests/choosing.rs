//! Choosing among those that match.

use std::sync::Arc;

use super::target::Selection;
use crate::{
    call::routes::Router,
    directory::{Chance, Instance, Selector, Terms},
    error::RefusedReason,
    id::Pid,
    message::Lane,
};

impl Router {
    /// Whom calls of this lane that are made here may go to.
    pub(crate) fn terms<'a>(&self, selector: &'a Selector, lane: Lane) -> Terms<'a> {
        Terms { selector, lane, here: self.key.id }
    }

    /// One of those that match, found by looking at each.
    pub(crate) fn choose(
        &self,
        address: &Selection,
        lane: Lane,
        excluded: &[Pid],
    ) -> Result<Arc<Instance>, RefusedReason> {
        if let Some(over) = self.over() {
            return Err(over.into());
        }
        let selector = &address.selector;
        if let Some(pid) = self.unlisted(selector) {
            return self.direct(selector, pid, excluded).map(Arc::new);
        }
        let by = Chance { excluded, turn: address.next_turn(), rng: self.rng(), balancers: &self.balancers };
        self.directory().choose(&self.terms(selector, lane), &by)
    }

    /// Every instance that matches.
    pub(crate) fn matching(&self, selector: &Selector) -> Vec<Pid> {
        if let Some(pid) = self.unlisted(selector) {
            return self.direct(selector, pid, &[]).map(|_| pid).into_iter().collect();
        }
        self.directory().group(&selector.interest).matching(selector).iter().map(|it| it.pid).collect()
    }
}
