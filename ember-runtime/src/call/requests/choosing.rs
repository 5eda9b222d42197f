//! Choosing among those that match.

use std::sync::Arc;

use super::target::Selection;
use crate::{
    call::routes::Router,
    directory::{Chance, Instance, Probing, Selector, Terms},
    error::RefusedReason,
    id::Pid,
    message::Lane,
};

impl Router {
    /// Whom calls of this lane, whose contract names this key, may go to if they are made here.
    pub(crate) fn terms<'a>(&self, selector: &'a Selector, lane: Lane, key: Option<u64>) -> Terms<'a> {
        Terms { selector, lane, here: self.key.id, key }
    }

    /// One of those that match, found by looking at each; with the number of the probe that the call is, if it is one.
    pub(crate) fn choose(
        &self,
        address: &Selection,
        (lane, key): (Lane, Option<u64>),
        excluded: &[Pid],
        probing: Probing,
    ) -> Result<(Arc<Instance>, Option<u64>), RefusedReason> {
        if let Some(over) = self.over() {
            return Err(over.into());
        }
        let selector = &address.selector;
        if let Some(pid) = self.unlisted(selector) {
            return self.direct(selector, pid, excluded).map(|instance| (Arc::new(instance), None));
        }
        let (turn, rng, balancers) = (address.next_turn(), self.rng(), &self.balancers);
        let by = Chance { excluded, turn, probing, rng, balancers };
        self.directory().choose(&self.terms(selector, lane, key), &by)
    }

    /// Every instance that matches, and for which its condition holds.
    pub(crate) fn matching(&self, address: &Selection) -> Vec<Pid> {
        let selector = &address.selector;
        if let Some(pid) = self.unlisted(selector) {
            let direct = self.direct(selector, pid, &[]).ok().filter(|it| address.admits(it));
            return direct.map(|_| pid).into_iter().collect();
        }
        // The condition is the user's: it is asked with nothing locked.
        let matching = self.directory().group(&selector.interest).matching(selector);
        matching.iter().filter(|it| address.admits(it)).map(|it| it.pid).collect()
    }
}
