//! Whom a follower asks, and what it makes of the answers.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use super::serving::{self, POLL};
use crate::{
    actor::{GapReason, Position},
    call::{Entries, EntriesOf, Router},
    id::{Epoch, Pid},
    office::OfficeName,
    replica::{Fingerprints, Point, Record},
};

/// The bytes of entries that are on their way to one follower at once, but for a record that is larger by itself.
const BATCH: usize = 256 * 1024;
/// Whoever has not answered by then does not.
const PATIENCE: Duration = Duration::from_secs(4);
/// When nobody has an answer, so long until all are asked again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));
/// That the group has other types is said so often.
const TOLD: Duration = Duration::from_secs(60);

/// Asks the members of one group.
pub(super) struct Asking {
    pub(super) router: Arc<Router>,
    pub(super) group: OfficeName,
    pub(super) types: Fingerprints,
    /// Who follows.
    pub(super) follower: Pid,
    told: Option<Instant>,
}

/// What comes next.
pub(super) enum Next {
    /// These records; of the first, only so many of its last entries, if some of it are known.
    Records(u64, Vec<Record>, Option<u32>),
    /// The last one is this.
    Last(Point),
    Gap(Point, GapReason),
}

impl Asking {
    pub(super) fn new(router: Arc<Router>, group: OfficeName, types: Fingerprints, follower: Pid) -> Self {
        Self { router, group, types, follower, told: None }
    }

    /// The members of the group, in the order in which they are asked: one that is here, then slaves, so that the master has less to do. And the
    /// newest epoch that this node knows of.
    pub(super) fn members(&self) -> (Vec<Pid>, Epoch) {
        let now = self.router.directory().office(&self.group);
        let master = now.master.as_ref().map(|it| it.record.pid);
        let mut members = now.members.clone();
        members.sort_unstable();
        if !members.is_empty() {
            let first = self.follower.number % members.len() as u64;
            members.rotate_left(usize::try_from(first).unwrap_or(0));
        }
        members.sort_by_key(|pid| (pid.node != self.router.key, Some(*pid) == master));
        let epochs = now.master.map(|it| it.record.epoch).max(now.epoch.map(|it| it.record.epoch));
        (members, epochs.unwrap_or(Point::NOTHING.epoch))
    }

    /// Waits for what comes after this position; `None`: which is the last?
    pub(super) async fn next(&mut self, after: Option<Position>) -> Next {
        let mut pause = PAUSES.0;
        loop {
            let (members, known) = self.members();
            let (mut is_well, mut begins) = (false, None);
            for member in members {
                match self.ask(member, (after, known), None).await {
                    Some(Entries::Next { first, records }) => {
                        if records.is_empty() {
                            is_well = true;
                            break;
                        }
                        if let Some(next) = sound(first, records, after) {
                            return next;
                        }
                        tracing::error!(target: "ember::cluster", group = %self.group, %member, "what it tells its followers cannot be: a defect of Ember");
                    }
                    Some(Entries::Last(point)) => return Next::Last(point),
                    Some(Entries::Begins { base, surely: true }) => begins = Some(base),
                    Some(Entries::Undone { shared }) => return Next::Gap(shared, GapReason::Undone),
                    Some(Entries::OtherTypes) => self.tell(member),
                    Some(Entries::Begins { .. } | Entries::Behind) | None => {}
                }
            }
            if let Some(base) = begins {
                return Next::Gap(base, GapReason::Forgotten);
            }
            if !is_well {
                sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            } else {
                pause = PAUSES.0;
            }
        }
    }

    /// What one member says; nothing if it does not answer. `state`: the fingerprint of the state, if that is to be the same too.
    pub(super) async fn ask(
        &self,
        member: Pid,
        (after, known): (Option<Position>, Epoch),
        state: Option<u64>,
    ) -> Option<Entries> {
        let question = EntriesOf {
            service: member.number,
            entry: self.types.0,
            state,
            after: after.map(|after| (after.point(), after.left() == 0)),
            known,
            most: self.router.fitting(BATCH) as u64,
        };
        let answered = async {
            if member.node == self.router.key {
                return serving::entries(&self.router, &question).await;
            }
            let node = self.router.directory().node(member.node.id).filter(|node| node.key == member.node)?;
            self.router.ask_node(&node, &question).await.ok()?.await.ok().flatten()
        };
        timeout(PATIENCE, answered).await.ok().flatten()
    }

    fn tell(&mut self, member: Pid) {
        let now = Instant::now();
        if self.told.is_none_or(|told| now.saturating_duration_since(told) >= TOLD) {
            self.told = Some(now);
            tracing::error!(
                target: "ember::cluster", group = %self.group, %member, follower = %self.follower,
                "its `Entry` is not the one that its follower was built with: nothing is followed until both run builds with one `Entry`"
            );
        }
    }
}

/// The records, if they are what comes next.
fn sound(first: u64, records: Vec<Record>, after: Option<Position>) -> Option<Next> {
    let after = after?;
    let (point, left) = (after.point(), after.left());
    let begin = records.first()?;
    if left == 0 {
        let is_next = first == point.index.checked_add(1)? && begin.epoch >= point.epoch;
        return is_next.then_some(Next::Records(first, records, None));
    }
    let is_rest = first == point.index && begin.epoch == point.epoch && begin.entries.len() as u64 > u64::from(left);
    is_rest.then_some(Next::Records(first, records, Some(left)))
}

const _: () = assert!(PATIENCE.as_secs() > POLL.as_secs());
