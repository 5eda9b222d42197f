//! One name, two structures: said to both sides as soon as one of them wants such events.

use std::collections::BTreeSet;

use super::wire::Wanted;
use crate::{
    event::{kinds, local::Wants},
    id::NodeKey,
};

/// What a node wants, as far as this one can give it.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) fits: Wants,
    /// With another structure here, which is this.
    pub(super) others: Vec<(u64, String)>,
}

impl Compared {
    /// Types that this program does not have are left out: it never publishes one.
    pub(super) fn of(wanted: &[Wanted], (peer, name): (NodeKey, &str), known: &dyn Fn(u64) -> bool) -> Self {
        let mut compared = Self::default();
        for theirs in wanted {
            let Some(ours) = kinds::of_id(theirs.event) else { continue };
            if ours.name() == theirs.name && ours.fingerprint == theirs.fingerprint {
                compared.fits.insert(theirs.event, theirs.want);
                continue;
            }
            if !known(theirs.event) {
                let structure = theirs.structure.as_deref().unwrap_or("another");
                tell(&theirs.name, &ours.structure, (peer, name), structure);
            }
            compared.others.push((theirs.event, ours.structure.clone()));
        }
        compared
    }

    pub(super) fn other_ids(&self) -> BTreeSet<u64> {
        self.others.iter().map(|(event, _)| *event).collect()
    }
}

/// Says that events of this name are not exchanged with another node.
pub(super) fn tell(event: &str, ours: &str, (peer, name): (NodeKey, &str), theirs: &str) {
    tracing::error!(
        target: "ember::event", event, %peer, node = name, ours, theirs,
        "an event has another structure on another node, and does not go there: run one build on both, or give the new one another name, \
         with `#[message(event, name = \"…\")]`"
    );
}
