//! How a master goes on where the registry is away for all of its group: the others promise to take no office for a while. A promise counts for
//! the master from when it asked, and for who gives it from when it was asked.
//!
//! All who are listed are asked, and not only those whose acknowledgements are needed: where the registry comes back with less than it had, one who
//! has nothing could begin a new group, or be named by an older record.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    sync::Arc,
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use crate::{
    call::{Promise, Router},
    id::{Epoch, Pid},
    office::{OfficeName, OfficeSeat, Term},
    planted::{Bug, planted},
    replica::{Member, Replica},
};

/// They are asked so often within a lease, as soon as half of it has passed without a renewal.
const OFTEN: u32 = 10;

/// A master, as it asks the others.
pub(super) struct Asks {
    pub(super) replica: Arc<Replica>,
    pub(super) router: Arc<Router>,
    pub(super) seat: Arc<OfficeSeat>,
    pub(super) office: OfficeName,
    /// For how long they are to promise it.
    pub(super) lease: Duration,
    pub(super) epoch: Epoch,
    pub(super) term: Term,
}

/// By what those are reached who are asked, and as whom those must answer whose acknowledgements are needed.
type Asked = BTreeMap<Pid, Option<Member>>;

impl Asks {
    /// Asks as long as its lease is not renewed. Without an end.
    pub(super) async fn run(self) {
        if self.lease.is_zero() {
            // Without a registry there is nobody else.
            return pending().await;
        }
        let mut told = false;
        loop {
            sleep(self.lease / OFTEN).await;
            if !self.seat.tenure().ends_within(self.term, self.lease / 2) {
                told = false;
                continue;
            }
            let is_promised = self.ask().await;
            if is_promised && !told {
                tracing::warn!(
                    target: "ember::cluster", office = %self.office, epoch = %self.epoch,
                    "the registry does not answer: this master goes on while all instances of its group answer it, and promise to take no office"
                );
            }
            told |= is_promised;
        }
    }

    /// Whether all of them promise it.
    async fn ask(&self) -> bool {
        let Some(asked) = self.others().filter(|asked| !asked.is_empty()) else { return false };
        let sent = self.seat.tenure().sends();
        let all = join_all(asked.iter().map(|(at, member)| self.promises(*at, *member)));
        let promised = timeout(self.lease / 4, all).await.is_ok_and(|all| all.into_iter().all(|promises| promises));
        let sent = if planted(Bug::PromiseFromReceipt) { self.seat.tenure().sends() } else { sent };
        let stands = promised && self.others().as_ref() == Some(&asked);
        if stands {
            self.seat.goes_on_by(self.epoch, sent, self.lease);
        }
        stands
    }

    /// Nothing, if it is not the master any more, or somebody is needed of whom it does not know by what they are reached.
    fn others(&self) -> Option<Asked> {
        let needed = self.replica.look(self.epoch, |leader| leader.needed())?;
        let listed = others(&self.router, &self.office, self.replica.pid());
        let mut all: Asked = listed.into_iter().map(|at| (at, None)).collect();
        for (member, at) in needed {
            all.insert(at?, Some(member));
        }
        Some(all)
    }

    async fn promises(&self, at: Pid, needed: Option<Member>) -> bool {
        let (from, epoch, lasts) = (self.replica.member(), self.epoch, self.lease);
        let answer = if at.node == self.router.key {
            self.router.replicas.promises(at.number, (from, epoch), lasts)
        } else {
            let node = self.router.directory().node(at.node.id).filter(|node| node.key == at.node);
            let Some(node) = node else { return false };
            let promise = Promise { service: at.number, from, epoch, lasts };
            match self.router.ask_node(&node, &promise).await {
                Ok(answer) => answer.await.ok().flatten(),
                Err(_) => None,
            }
        };
        answer.is_some_and(|member| needed.is_none_or(|needed| needed == member))
    }
}

/// The other instances of a group that are listed, but for those of runs of nodes that have been started anew: they are listed until
/// their leases have run out, and are gone.
pub(super) fn others(router: &Router, office: &OfficeName, own: Pid) -> BTreeSet<Pid> {
    let directory = router.directory();
    let is_over = |pid: &Pid| directory.node(pid.node.id).is_some_and(|now| now.key.incarnation > pid.node.incarnation);
    directory.office(office).members.into_iter().filter(|pid| *pid != own && !is_over(pid)).collect()
}
