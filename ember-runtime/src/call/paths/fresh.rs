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
