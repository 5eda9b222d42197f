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
    /// Types that this program does not have are left out: it never publishes one. Of those for which it `is_first`, the log is told.
    pub(super) fn of(wanted: &[Wanted], (peer, name): (NodeKey, &str), is_first: &dyn Fn(u64) -> bool) -> Self {
        let (mut compared, mut ids) = (Self::default(), BTreeSet::new());
        // Each type once, whatever was said.
        for theirs in wanted.iter().filter(|it| ids.insert(it.event)) {
            let Some(ours) = kinds::of_id(theirs.event) else { continue };
            if ours.name() == theirs.name && ours.fingerprint == theirs.fingerprint {
                compared.fits.insert(theirs.event, theirs.want);
                continue;
            }
            if is_first(theirs.event) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{
            kinds::{Event, EventKind, of_event},
            local::Want,
        },
        id::{Incarnation, NodeId},
        message::{Schema, schema},
    };

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Dew(u32);

    impl Schema for Dew {
        fn shape(types: &mut schema::Types) -> schema::Shape {
            u32::shape(types)
        }
    }

    impl Event for Dew {
        const NAME: &'static str = "dew of compare";
    }

    inventory::submit!(EventKind::of::<Dew>("compare.rs"));

    #[test]
    fn what_has_another_structure_is_told_apart_and_what_this_program_does_not_have_is_left_out() {
        let ours = of_event::<Dew>();
        let want = Want { cluster: 1, ..Want::default() };
        let named = |event, fingerprint| Wanted { event, name: ours.name().into(), fingerprint, structure: None, want };
        let peer = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
        let compare = |wanted: &[Wanted]| Compared::of(wanted, (peer, "eve"), &|_| true);
        let same = compare(&[named(ours.id, ours.fingerprint), named(7, 7)]);
        assert!(same.others.is_empty() && same.fits.keys().eq([&ours.id]));
        let other = compare(&[named(ours.id, ours.fingerprint ^ 1)]);
        assert!(other.fits.is_empty());
        assert_eq!(other.others, [(ours.id, "u32".to_owned())]);
        assert_eq!(compare(&[named(ours.id, 1), named(ours.id, 2)]).others.len(), 1, "once, however often it is said");
        let renamed = compare(&[Wanted { name: "mist".into(), ..named(ours.id, ours.fingerprint) }]);
        assert!(renamed.fits.is_empty(), "two names with one hash are two events");
    }
}
