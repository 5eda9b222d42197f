//! What an operator does for a replicated group that cannot go on by itself, since members who may have had more than the others have really
//! gone, or since an older record names only such.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::sleep;

use super::{hosts::State, sim::Sim};
use crate::{
    directory::{Vacancy, epoch_key},
    error::LossRefused,
    id::Pid,
    node::Node,
    office::OfficeName,
};

/// How often it is looked at the groups.
const LOOK: Duration = Duration::from_millis(100);
/// What has no master for so many leases has none by itself: all have said by then what they have.
const LEASES: u32 = 4;

impl Sim {
    /// Accepts losses, as an operator would who knows which processes are gone, and reads what the others have. Without an end.
    pub(super) async fn operate(&self) {
        let mut stuck = BTreeMap::<String, Duration>::new();
        loop {
            let now: Vec<_> = self.stuck();
            stuck.retain(|key, _| now.iter().any(|(office, ..)| epoch_key("", office) == *key));
            for (office, node, goes_on) in now {
                let since = *stuck.entry(epoch_key("", &office)).or_insert_with(|| self.elapsed());
                if self.elapsed() - since > self.lease() * LEASES {
                    let elections = &node.inner.services.elections;
                    let mut accepted = elections.accept_loss(&office, Some(goes_on)).await;
                    if let Err(LossRefused::InSync(better)) = accepted {
                        accepted = elections.accept_loss(&office, Some(better)).await;
                    }
                    self.note(format!("an operator lets {goes_on} go on for {office}, or who has more: {accepted:?}"));
                    stuck.remove(&epoch_key("", &office));
                }
            }
            sleep(LOOK).await;
        }
    }

    /// The longest lease of a node.
    pub(super) fn lease(&self) -> Duration {
        self.hosts.values().map(|host| host.ttl).max().unwrap_or_default()
    }

    /// The groups that cannot go on, with a node that can be asked, and the member of those that live who has most.
    fn stuck(&self) -> Vec<(OfficeName, Node, Pid)> {
        let groups = self.groups();
        let mut stuck = BTreeMap::new();
        for host in self.hosts.values() {
            let State::Up { node, .. } = &*host.state.borrow() else { continue };
            let router = &node.inner.services.router;
            for cell in router.cells.all().into_iter().filter(|cell| router.replicas.get(cell.pid().number).is_some()) {
                let (office, now) = (cell.identity().office(), router.directory().office(&cell.identity().office()));
                let key = epoch_key("", &office);
                let Some(group) = groups.get(key.rsplit_once("/epochs/").map_or("", |it| it.1)) else { continue };
                let is_gone = match now.vacancy() {
                    Some(Vacancy::Missing(missing)) => missing.iter().any(|it| !group.whole.contains_key(it)),
                    // By a record that is right nobody has to be asked: no fault takes all who are in sync.
                    Some(Vacancy::Gone(_)) => group.is_outlived_since(now.record().map(|(order, _)| order)),
                    None => false,
                };
                let have = now.claims().filter(|claim| group.whole.contains_key(&claim.by));
                let best = have.max_by_key(|claim| (claim.order(), claim.index)).map(|claim| claim.by.pid);
                if let Some(best) = best.filter(|_| is_gone) {
                    stuck.insert(key, (office, node.clone(), best));
                }
            }
        }
        stuck.into_values().collect()
    }
}
