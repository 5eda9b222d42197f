//! Reads that miss nothing: before they are made, those in sync are asked how far their group is.
//!
//! A record is acknowledged when all whom the registry's record names have it, and only they can elect, or be, the next master. So if the master that is
//! known says that it still is that, by this version of the set and with no other under way, and each of the others says that it knows of none
//! later, then nothing has been acknowledged by anybody else before they were asked. No clock is believed.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::slow::Course;
use crate::{
    call::{requests::HowFar, routes::Router},
    directory::{Instance, OfficeNow},
    error::RefusedReason,
    id::{Epoch, Pid},
    message::Reading,
    replica::{Far, Member},
};

/// Who does not answer in this time is asked again.
const PATIENCE: Duration = Duration::from_secs(1);
/// After a round that was in vain.
const PAUSE: Duration = Duration::from_millis(20);

impl Course {
    /// What the call says of how new what it is shown must be, if it goes to a replicated service. A reply that is stored for repetitions says
    /// nothing of that.
    pub(super) fn reading(&self, instance: &Instance) -> Option<Reading> {
        instance.reading(self.options.within()).filter(|_| self.options.once().is_none())
    }

    /// If that is asked for: waits until it is known how much was acknowledged when the call was made, so that it is shown no less.
    pub(super) async fn freshen(&mut self) {
        if self.options.is_fresh() {
            Box::pin(self.ask_around()).await;
        }
    }

    async fn ask_around(&mut self) {
        let (router, selector) = (&self.target.router, &self.target.address.selector);
        self.waits = Some(RefusedReason::Behind);
        // Where nothing is replicated, nothing is behind.
        while let Some((office, shown)) = router.directory().replicated(selector) {
            let office = router.directory().office(&office);
            if let Some(acknowledged) = round(router, &office).await {
                shown.raise(acknowledged);
                break;
            }
            sleep(PAUSE).await;
        }
        self.waits = None;
    }
}

/// How much was acknowledged when this was asked, if all whose word is needed agree.
async fn round(router: &Router, office: &OfficeNow) -> Option<(Epoch, u64)> {
    let record = &office.epoch.as_ref()?.record;
    let (set, master) = (&record.group.as_ref()?.set, office.master?.record);
    if master.epoch != record.epoch {
        return None;
    }
    let order = (record.epoch, set.version);
    let all = set.members.iter().map(|member| async move {
        let at = office.reached(*member);
        let far = timeout(PATIENCE, far(router, at, None)).await.ok().flatten();
        (at, far)
    });
    let mut acknowledged = None;
    for (pid, far) in join_all(all).await {
        let far = far?;
        if pid == master.pid {
            acknowledged = far.leads.filter(|_| (far.epoch, far.version) == order && !far.changes);
            acknowledged?;
        } else if (far.epoch, far.version) > order {
            return None;
        }
    }
    acknowledged
}

/// How far a member of a group is, if another asks, this one.
pub(crate) async fn far(router: &Router, of: Pid, asks: Option<Member>) -> Option<Far> {
    if of.node == router.key {
        return router.replicas.far(of.number, asks.map(|member| (router.key, member)));
    }
    let node = router.directory().node(of.node.id).filter(|node| node.key == of.node)?;
    router.ask_node(&node, &HowFar { service: of.number, asks }).await.ok()?.await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        call::{LocalCalls, OutageSettings, Outages},
        directory::{Balancers, Directory, EpochRecord, GroupRecord, MasterRecord, NodeRecord, Written},
        hooks::Hooks,
        id::{Incarnation, NodeId, NodeKey},
        replica::{InSync, Replica, Terms},
        rng::Rng,
    };

    const HERE: NodeKey = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
    const MASTER: Pid = Pid { node: HERE, number: 1 };

    fn router() -> Arc<Router> {
        let record = NodeRecord::new(HERE, "here".into(), "127.0.0.1:0".parse().unwrap(), 0);
        let settings =
            (LocalCalls::default(), Hooks::default(), Balancers::default(), Outages::new(OutageSettings::default()));
        Router::new(HERE, Arc::new(Directory::new(record)), Rng::from_seed(1), settings)
    }

    /// What the registry has: the epoch of the group and its set, and that of the master.
    fn office((epoch, set): (u64, &InSync), led: u64) -> OfficeNow {
        let group = Some(GroupRecord { set: set.clone(), types: (1, 2) });
        let record = MasterRecord { epoch: Epoch(led), pid: MASTER, lease: 0 };
        OfficeNow {
            epoch: Some(Written { record: EpochRecord { epoch: Epoch(epoch), group }, modified: 0 }),
            master: Some(Written { record, modified: 0 }),
            ..OfficeNow::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_master_is_believed_if_all_say_the_same_of_its_epoch_and_of_the_set() {
        let (router, founded) = (router(), InSync::founded_by(Member::first(MASTER)));
        let now = office((1, &founded), 1);
        assert_eq!(round(&router, &now).await, None, "it is not there");
        let replica = Arc::new(Replica::new(MASTER, (1, 2), Terms::default(), usize::MAX));
        router.replicas.add(MASTER.number, Arc::clone(&replica));
        assert_eq!(round(&router, &now).await, None, "it does not lead");
        replica.elect(Epoch(1), founded.clone());
        assert_eq!(round(&router, &now).await, Some((Epoch(1), 1)));
        assert_eq!(round(&router, &office((2, &founded), 1)).await, None, "another was elected since");
        assert_eq!(round(&router, &office((2, &founded), 2)).await, None, "it does not know of that");
        let later = InSync { version: founded.version + 1, ..founded.clone() };
        assert_eq!(round(&router, &office((1, &later), 1)).await, None, "nor of that set");
        let other = Pid { number: 2, ..MASTER };
        let both = InSync { members: [MASTER, other].map(Member::first).into(), ..founded };
        assert_eq!(round(&router, &office((1, &both), 1)).await, None, "one of them does not answer");
        let follows = Arc::new(Replica::new(other, (1, 2), Terms::default(), usize::MAX));
        router.replicas.add(other.number, Arc::clone(&follows));
        assert_eq!(round(&router, &office((1, &both), 1)).await, Some((Epoch(1), 1)));
        follows.elect(Epoch(2), InSync::founded_by(Member::first(other)));
        assert_eq!(round(&router, &office((1, &both), 1)).await, None, "one of them knows of a later master");
        router.replicas.remove(MASTER.number);
        assert_eq!(round(&router, &now).await, None);
    }
}
