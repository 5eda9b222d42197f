//! Who of those in sync stands still, or is too slow: it is taken out of the set, and until then nothing is acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::lane::{BATCH, on_its_way};
use crate::replica::{Leader, Member};

/// Who is in sync, and has owed an answer for so long, and the time that what it owes takes on its way, is taken out of the set: until then
/// nothing is acknowledged.
const PATIENCE: Duration = Duration::from_secs(1);
/// What has been shipped, and since when; and when each of those in sync has got on last.
#[derive(Default)]
pub(super) struct Owing {
    shipped: VecDeque<Shipped>,
    got_on: BTreeMap<Member, (u64, Instant)>,
}

/// The last record that there was, when that was, and how long all up to it may take.
struct Shipped {
    at: Instant,
    index: u64,
    allowed: Duration,
}

impl Owing {
    /// Those in sync who have gone, or have owed an answer for too long.
    pub(super) fn gone(&mut self, leader: &Leader, is_there: impl Fn(Member) -> bool) -> BTreeSet<Member> {
        let now = Instant::now();
        let (last, commit) = (leader.opened(), leader.commit());
        if self.shipped.back().is_none_or(|known| known.index < last) && commit < last {
            let allowed = PATIENCE + on_its_way(leader.size_after(commit));
            self.shipped.push_back(Shipped { at: now, index: last, allowed });
        }
        self.shipped.retain(|it| it.index > commit);
        let (mut gone, me) = (leader.left(), leader.me());
        gone.extend(leader.set().members.iter().filter(|it| **it != me && !is_there(**it)));
        let Some(Shipped { at, index, allowed }) = self.shipped.front() else {
            self.got_on.clear();
            return gone;
        };
        let is_over = now.saturating_duration_since(*at) >= *allowed;
        for member in leader.lagging(*index).into_iter().filter(|it| leader.set().names(*it)) {
            let (has, next) = leader.gets_on(member, BATCH);
            let since = self.got_on.entry(member).or_insert((has, *at));
            if since.0 != has {
                *since = (has, now);
            }
            // It stands still, or is slower than anybody may be.
            if is_over || now.saturating_duration_since(since.1.max(*at)) >= PATIENCE + on_its_way(next) {
                gone.insert(member);
            }
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::time::advance;

    use super::*;
    use crate::{
        id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
        replica::{Answer, Batch, Follower, InSync, Kind, Point, Record},
    };

    fn pid(node: u64) -> Pid {
        Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 }
    }

    fn is_there(member: Member) -> bool {
        member.pid == pid(2)
    }

    /// A master of two, the other of which has all.
    fn leader() -> Leader {
        let (me, other) = (Member::first(pid(1)), Member::first(pid(2)));
        let mut follower = Follower::new(me);
        follower.receive(Batch {
            epoch: Epoch(1),
            from: other,
            to: pid(1),
            previous: Point::NOTHING,
            records: vec![Record::barrier(Epoch(1))],
            end: 1,
            commit: 1,
            version: 1,
            members: vec![me, other],
        });
        follower.has_applied(Point { epoch: Epoch(1), index: 1 });
        let set = InSync { version: 1, members: BTreeSet::from([me, other]) };
        let mut leader = follower.lead(Epoch(2), set).expect("it is named");
        leader.batch_for(pid(2), usize::MAX).expect("a batch");
        let kind = Kind::Has { upto: leader.barrier(), version: 1 };
        leader.answered(pid(2), Answer { member: other, epoch: Epoch(2), kind });
        leader
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_owes_what_was_not_sent_yet() {
        let mut leader = leader();
        let mut owing = Owing::default();
        let index = leader.append(vec![Bytes::from_static(b"entry")]);
        assert!(owing.gone(&leader, is_there).is_empty());
        advance(PATIENCE * 2).await;
        assert!(owing.gone(&leader, is_there).is_empty(), "its handler has not ended");
        leader.open(index);
        assert!(owing.gone(&leader, is_there).is_empty());
        advance(PATIENCE).await;
        assert_eq!(owing.gone(&leader, is_there), BTreeSet::from([Member::first(pid(2))]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_shipped_is_kept_in_mind_once_and_only_until_it_is_acknowledged() {
        let mut leader = leader();
        let mut owing = Owing::default();
        for records in 1..4 {
            let index = leader.append(vec![Bytes::from_static(b"entry")]);
            leader.open(index);
            (0..3).for_each(|_| assert!(owing.gone(&leader, is_there).is_empty()));
            assert_eq!(owing.shipped.len(), records);
        }
        leader.batch_for(pid(2), usize::MAX).expect("a batch");
        let kind = Kind::Has { upto: leader.opened(), version: 1 };
        leader.answered(pid(2), Answer { member: Member::first(pid(2)), epoch: Epoch(2), kind });
        assert!(owing.gone(&leader, is_there).is_empty() && owing.shipped.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_gets_on_is_given_the_time_that_it_takes() {
        let mut leader = leader();
        let (mut owing, large) = (Owing::default(), vec![Bytes::from(vec![7; 3 << 20])]);
        let gone = BTreeSet::from([Member::first(pid(2))]);
        let index = leader.append(large.clone());
        leader.append(large);
        leader.open(index + 1);
        assert!(owing.gone(&leader, is_there).is_empty());
        advance(PATIENCE * 3).await;
        assert!(owing.gone(&leader, is_there).is_empty(), "one of them may be on its way yet");
        let kind = Kind::Has { upto: index, version: 1 };
        leader.batch_for(pid(2), usize::MAX).expect("a batch");
        leader.answered(pid(2), Answer { member: Member::first(pid(2)), epoch: Epoch(2), kind });
        assert!(owing.gone(&leader, is_there).is_empty());
        advance(PATIENCE * 3).await;
        assert!(owing.gone(&leader, is_there).is_empty(), "the other may be");
        advance(PATIENCE * 2).await;
        assert_eq!(owing.gone(&leader, is_there), gone);
        // Who stands still has less time than all together may take.
        let mut leader = self::leader();
        let mut owing = Owing::default();
        (0..40).for_each(|_| {
            leader.append(vec![Bytes::from(vec![7; 1 << 20])]);
        });
        leader.open(u64::MAX);
        assert!(owing.gone(&leader, is_there).is_empty());
        advance(PATIENCE * 3).await;
        assert_eq!(owing.gone(&leader, is_there), gone);
    }
}
