//! How busy services are, as their nodes say: this one says it of its own, and keeps what others have said last. It is no part of a
//! view: a choice looks at it, and nothing is made anew because of it.

use std::sync::Arc;

use super::{listing::Listing, node_directory::Directory};
#[cfg(feature = "cluster")]
use crate::{actor::Load, id::NodeKey};
use crate::{directory::instances::Instance, id::Pid};

/// So many are told of in one message, the busiest; the others of a node count as idle.
#[cfg(feature = "cluster")]
const MOST: usize = 512;

impl Directory {
    /// Those services of this node that others may call and that have something to do, by their numbers.
    #[cfg(feature = "cluster")]
    pub(crate) fn busy(&self) -> Vec<(u64, Load)> {
        // They are looked at with nothing locked.
        let mine = self.change(|known| known.mine());
        let load =
            |it: &Arc<Instance>| Some((it.pid.number, it.cell.as_ref()?.load())).filter(|(_, load)| load.total() > 0);
        let mut busy: Vec<_> = mine.iter().filter_map(load).collect();
        if busy.len() > MOST {
            busy.sort_by_key(|(number, load)| (std::cmp::Reverse(load.total()), *number));
            busy.truncate(MOST);
            busy.sort_by_key(|(number, _)| *number);
        }
        busy
    }

    /// A node says of its services which are busy, ordered by their numbers: the others have nothing to do.
    #[cfg(feature = "cluster")]
    pub(crate) fn reported(&self, node: NodeKey, busy: &[(u64, Load)]) {
        let theirs = self.change(|known| known.services_of(node));
        for service in theirs {
            let place = busy.binary_search_by_key(&service.pid.number, |(number, _)| *number);
            service
                .in_flight
                .report(place.ok().and_then(|place| busy.get(place)).map(|(_, load)| *load).unwrap_or_default());
        }
    }

    /// Gives a service of this node another weight. `false` if the view does not list it.
    pub(crate) fn set_weight(&self, pid: Pid, weight: u16) -> bool {
        self.change(|known| known.set_weight(pid, weight))
    }
}

impl Listing {
    #[cfg(feature = "cluster")]
    fn mine(&self) -> Vec<Arc<Instance>> {
        let mut mine = self.services_of(self.here());
        mine.retain(|it| !it.published.methods.is_empty());
        mine
    }

    fn set_weight(&mut self, pid: Pid, weight: u16) -> bool {
        let Some(old) = self.listed(pid) else { return false };
        let new = Instance { weight, ..Instance::clone(old) };
        self.list(pid, Some(Arc::new(new)));
        true
    }
}
