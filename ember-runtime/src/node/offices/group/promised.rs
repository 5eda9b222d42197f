//! How a master goes on where the registry is away for all of its group: those whose acknowledgements it needs promise to take no office for a
//! while. A promise counts for the master from when it asked, and for who gives it from when it was asked.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use crate::{
    call::{Promise, Router},
    id::{Epoch, Pid},
    office::{OfficeName, OfficeSeat, Term},
    planted::{Bug, planted},
    replica::{Member, Replica},
};

/// It is asked so often within a lease, as soon as half of it has passed without a renewal.
const ASKS: u32 = 10;

/// A master, as it asks the others.
pub(super) struct Promised {
    pub(super) replica: Arc<Replica>,
    pub(super) router: Arc<Router>,
    pub(super) seat: Arc<OfficeSeat>,
    pub(super) office: OfficeName,
    /// For how long they are to promise it.
    pub(super) lease: Duration,
    pub(super) epoch: Epoch,
    pub(super) term: Term,
}

impl Promised {
    /// Asks as long as its lease is not renewed. Without an end.
    pub(super) async fn run(self) {
        let mut told = false;
        loop {
            sleep(self.lease / ASKS).await;
            if !self.seat.tenure().ends_within(self.term, self.lease / 2) {
                told = false;
                continue;
            }
            let is_promised = self.asks().await;
            if is_promised && !told {
                tracing::warn!(
                    target: "ember::cluster", office = %self.office, epoch = %self.epoch,
                    "the registry does not answer: this master goes on while all who are in sync answer it, and promise to take no office"
                );
            }
            told |= is_promised;
        }
    }

    /// Whether all of them promise it.
    async fn asks(&self) -> bool {
        let Some(needed) = self.needed().filter(|needed| !needed.is_empty()) else { return false };
        let sent = self.seat.tenure().sends();
        let all = join_all(needed.iter().map(|(member, at)| self.ask(*member, *at)));
        let promised = timeout(self.lease / 4, all).await.is_ok_and(|all| all.into_iter().all(|promises| promises));
        let sent = if planted(Bug::PromiseFromReceipt) { self.seat.tenure().sends() } else { sent };
        let stands = promised && self.needed().as_ref() == Some(&needed);
        if stands {
            self.seat.is_promised_to(self.epoch, sent, self.lease);
        }
        stands
    }

    /// Whose acknowledgements it needs, and by what they are reached.
    fn needed(&self) -> Option<BTreeMap<Member, Option<Pid>>> {
        self.replica.look(self.epoch, |leader| leader.needed())
    }

    async fn ask(&self, member: Member, at: Option<Pid>) -> bool {
        let Some(at) = at else { return false };
        let (from, epoch, lasts) = (self.replica.member(), self.epoch, self.lease);
        let answer = if at.node == self.router.key {
            self.router.replicas.promises(at.number, (from, epoch), lasts)
        } else {
            let promise = Promise { service: at.number, from, epoch, lasts };
            let node = self.router.directory().node(at.node.id).filter(|node| node.key == at.node);
            let Some(node) = node else { return false };
            match self.router.ask_node(&node, &promise).await {
                Ok(answer) => answer.await.ok().flatten(),
                Err(_) => None,
            }
        };
        answer == Some(member)
    }
}
