//! What a master does for its group: one lane to each other member, and the set of those in sync, which only a transaction of the registry
//! changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};

use super::{
    choice::{Choice, Field, Place},
    debtor::Debtor,
    lane::lane,
    owing::Owing,
    promised::{Asks, others},
};
use crate::{
    call::Router,
    directory::{EpochRecord, GroupRecord},
    id::{Epoch, Pid},
    node::offices::booth::{Booth, Changed},
    office::{OfficeName, OfficeSeat, Term},
    replica::{InSync, Leader, Member, Replica, rules},
};

/// The set is looked at so often, whatever happens.
const LOOK: Duration = Duration::from_millis(100);
/// A change whose outcome is not known is asked for again after this.
const AGAIN: Duration = Duration::from_millis(200);

/// A master that has been alone in the set for so long, while there are others of its group, says so: who comes needs some time to learn.
const ALONE: Duration = Duration::from_secs(5);

/// A master, as its group needs it.
pub(in crate::node::offices) struct Shipper {
    pub(in crate::node::offices) replica: Arc<Replica>,
    pub(in crate::node::offices) router: Arc<Router>,
    pub(in crate::node::offices) booth: Arc<Booth>,
    pub(in crate::node::offices) seat: Arc<OfficeSeat>,
    pub(in crate::node::offices) office: OfficeName,
    /// How long its own lease lasts.
    pub(in crate::node::offices) lease: Duration,
    pub(in crate::node::offices) epoch: Epoch,
    pub(in crate::node::offices) term: Term,
    /// The revisions of its entry, and of its group's record.
    pub(in crate::node::offices) revisions: (i64, i64),
}

impl Shipper {
    /// Until the office is lost.
    pub(in crate::node::offices) async fn run(self) {
        let ends = gives_up(Arc::clone(&self.replica), Arc::clone(&self.seat), self.term);
        let promised = Asks {
            replica: Arc::clone(&self.replica),
            router: Arc::clone(&self.router),
            seat: Arc::clone(&self.seat),
            office: self.office.clone(),
            lease: self.lease,
            epoch: self.epoch,
            term: self.term,
        };
        // What the registry is asked for may take longer than the lease lasts.
        tokio::select! {
            biased;
            () = ends => {}
            () = promised.run() => {}
            () = self.ships() => {}
        }
    }

    async fn ships(mut self) {
        let (mut changes, mut news) = (self.replica.parts(), self.router.directory().changes());
        let (mut lanes, mut owing, mut alone) = (Lanes::default(), Owing::default(), Alone::default());
        let mut members = Members::new(&self.replica);
        let mut debts = JoinSet::new();
        debts.spawn(
            Debtor {
                replica: Arc::clone(&self.replica),
                router: Arc::clone(&self.router),
                office: self.office.clone(),
                epoch: self.epoch,
            }
            .run(),
        );
        loop {
            changes.mark_unchanged();
            news.mark_unchanged();
            let listed = self.peers();
            let Some(wanted) = members.of(&self, &listed) else { return };
            // Who is in sync has what the others have until the registry has taken it out.
            let peers = &wanted | &(&members.in_sync & &listed);
            let office = self.router.directory().office(&self.office);
            let next = self.replica.look(self.epoch, |leader| {
                leader.keep(&peers);
                leader.name(office.names.clone());
                let wants = |member: Member| wanted.contains(&office.reached(member));
                let (mut gone, joins) = (owing.gone(leader, wants), addable(leader, &wanted));
                if self.booth.retires() && gone.len() + 1 == leader.set().members.len() {
                    // What it had acknowledged alone would end with it.
                    gone.clear();
                }
                let told = alone.is_to_be_told(leader.set(), wanted.len());
                (changed_set(leader.set(), &gone, &joins), told)
            });
            let Some((next, is_alone)) = next else { return };
            lanes.keep(&peers, &self);
            if is_alone {
                let (office, epoch, others) = (&self.office, self.epoch, wanted.len());
                tracing::warn!(
                    target: "ember::cluster", %office, %epoch, others,
                    "the master is alone in sync: what it has acknowledged is gone if it is lost, and nobody can take over; do the others of its \
                     group reach it, and run its build?"
                );
            }
            if let Some(next) = next.filter(|_| self.may_change()) {
                if !self.change(next).await {
                    return;
                }
                owing = Owing::default();
            }
            let look = sleep_until(Instant::now() + LOOK);
            tokio::select! {
                biased;
                _ = changes.changed() => {}
                _ = news.changed() => {}
                () = look => {}
            }
        }
    }

    fn peers(&self) -> BTreeSet<Pid> {
        others(&self.router, &self.office, self.replica.pid())
    }

    fn may_change(&self) -> bool {
        let under_way = self.replica.look(self.epoch, |leader| leader.next().is_some());
        self.may_write(under_way.unwrap_or(true))
    }

    /// Its lease goes on, and the registry has been there for long enough: looked at before each attempt.
    fn may_write(&self, under_way: bool) -> bool {
        let last = self.router.directory().office(&self.office).last.map(|last| last.lasts());
        let longest = self.lease.max(last.unwrap_or_default());
        let (lease, settled) = (self.seat.tenure().is_in(self.term), self.booth.is_settled(Instant::now(), longest));
        rules::may_change(under_way, lease, settled)
    }

    /// Has another set written; whether it is the master still.
    async fn change(&mut self, next: BTreeSet<Member>) -> bool {
        self.seat.forgets_promises();
        let begun =
            self.replica.lead(self.epoch, |leader| leader.begin_change(next.clone()).then(|| leader.set().version + 1));
        let version = match begun {
            Some(Some(version)) => version,
            // What it was to be has changed meanwhile.
            Some(None) => return true,
            None => return false,
        };
        let set = InSync { version, members: next };
        let group = Some(GroupRecord { set, types: self.replica.types() });
        let record = EpochRecord { epoch: self.epoch, group };
        loop {
            let done = if self.may_write(false) {
                match self.booth.change(&self.office, self.revisions, record.clone()).await {
                    Changed::Written(revision) => Some(revision),
                    // Perhaps by ourselves, when no answer came.
                    Changed::Overtaken => self.written(&record),
                    Changed::Unknown => None,
                }
            } else {
                self.written(&record)
            };
            if let Some(revision) = done {
                self.revisions.1 = revision;
                let members = record.group.as_ref().map(|group| group.set.members.len()).unwrap_or_default();
                tracing::info!(target: "ember::cluster", office = %self.office, epoch = %self.epoch, version, members, "another set is in sync");
                return self.replica.lead(self.epoch, |leader| leader.changed(version)).is_some();
            }
            sleep(AGAIN).await;
            if self.replica.look(self.epoch, |_| ()).is_none() {
                return false;
            }
        }
    }

    /// The revision of this record, if the view shows it.
    fn written(&self, record: &EpochRecord) -> Option<i64> {
        let shown = self.router.directory().office(&self.office).epoch?;
        (shown.record == *record).then_some(shown.modified)
    }
}

/// With the end of its right a master acts no more, whether or not the registry is there to tell: whoever waits, or comes to wait, is told so. For ever.
async fn gives_up(replica: Arc<Replica>, seat: Arc<OfficeSeat>, term: Term) {
    loop {
        if !seat.holds(term) {
            replica.gives_up();
        }
        sleep(LOOK).await;
    }
}

/// Which other instances are members, or are to be.
struct Members {
    /// Where there is a bound: otherwise all are.
    choice: Option<Choice>,
    in_sync: BTreeSet<Pid>,
    /// What was chosen last, from which, and when.
    last: Option<(BTreeSet<Pid>, BTreeSet<Pid>, Instant)>,
}

impl Members {
    fn new(replica: &Replica) -> Self {
        Self { choice: replica.terms().most.map(Choice::new), in_sync: BTreeSet::new(), last: None }
    }

    /// Of these that are listed; nothing if this is not the master any more.
    fn of(&mut self, shipper: &Shipper, listed: &BTreeSet<Pid>) -> Option<BTreeSet<Pid>> {
        let office = shipper.router.directory().office(&shipper.office);
        let pids =
            |leader: &mut Leader| leader.set().members.iter().map(|it| office.reached(*it)).collect::<BTreeSet<_>>();
        let in_sync = shipper.replica.look(shipper.epoch, pids)?;
        let Some(choice) = &mut self.choice else {
            self.in_sync = in_sync;
            return Some(listed.clone());
        };
        let now = Instant::now();
        if let Some((wanted, of, at)) = &self.last
            && of == listed
            && self.in_sync == in_sync
            && now.saturating_duration_since(*at) < LOOK
        {
            return Some(wanted.clone());
        }
        let heard = shipper.replica.look(shipper.epoch, |leader| leader.heard())?;
        let directory = shipper.router.directory();
        let place = |pid: Pid| directory.listed(pid).map(|it| Place::of(&it));
        let others = listed.iter().filter_map(|pid| Some((*pid, place(*pid)?))).collect();
        let own = place(shipper.replica.pid()).unwrap_or_default();
        let field = Field { own: &own, others: &others, in_sync: &in_sync, heard: &heard };
        let wanted = choice.look(&field, now);
        self.last = Some((wanted.clone(), listed.clone(), now));
        self.in_sync = in_sync;
        Some(wanted)
    }
}

/// Since when a master has been alone in which version of the set.
#[derive(Default)]
struct Alone {
    since: Option<(u64, Instant)>,
    told: bool,
}

impl Alone {
    /// Whether that is to be said now: once for each version of the set, where there are `others` who are to be in it.
    fn is_to_be_told(&mut self, set: &InSync, others: usize) -> bool {
        if set.members.len() > 1 || others == 0 {
            *self = Self::default();
            return false;
        }
        let now = Instant::now();
        let (version, since) = *self.since.get_or_insert((set.version, now));
        if version != set.version {
            *self = Self { since: Some((set.version, now)), told: false };
            return false;
        }
        let is_due = !self.told && now.saturating_duration_since(since) >= ALONE;
        self.told |= is_due;
        is_due
    }
}

/// Those who have all that is acknowledged, and are not in sync yet.
fn addable(leader: &Leader, peers: &BTreeSet<Pid>) -> BTreeSet<Member> {
    peers.iter().filter_map(|pid| leader.may_add(*pid)).collect()
}

/// The set without those and with these, if that is another. What makes it smaller goes first: calls wait for that.
fn changed_set(group: &InSync, gone: &BTreeSet<Member>, joins: &BTreeSet<Member>) -> Option<BTreeSet<Member>> {
    if !gone.is_empty() {
        return Some(&group.members - gone);
    }
    let more = &group.members | joins;
    (more != group.members).then_some(more)
}

/// A task for each other member.
#[derive(Default)]
struct Lanes {
    tasks: JoinSet<()>,
    by_pid: BTreeMap<Pid, AbortHandle>,
}

impl Lanes {
    fn keep(&mut self, peers: &BTreeSet<Pid>, of: &Shipper) {
        while self.tasks.try_join_next().is_some() {}
        self.by_pid.retain(|pid, task| {
            let stays = peers.contains(pid) && !task.is_finished();
            if !stays {
                task.abort();
            }
            stays
        });
        for pid in peers {
            self.by_pid.entry(*pid).or_insert_with(|| {
                self.tasks.spawn(lane(Arc::clone(&of.replica), Arc::clone(&of.router), of.epoch, *pid))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{
        id::{Incarnation, NodeId, NodeKey},
        message::{Settles, Unsettled},
        office::{BootClock, Tenure},
        replica::Terms,
    };

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_master_is_told_when_its_lease_ends_and_so_is_who_comes_later() {
        let pid = |node| Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 };
        let members = [1, 2].map(|node| Member::first(pid(node))).into();
        let replica = Arc::new(Replica::new(pid(1), (1, 2), Terms::default(), usize::MAX));
        replica.elect(Epoch(1), InSync::founded_by(Member::first(pid(1))));
        // The other, who never answers, has to acknowledge.
        replica.elect(Epoch(2), InSync { version: 2, members });
        replica.enter(Epoch(2), vec![Bytes::from_static(b"entry")], Bytes::new()).unwrap();
        replica.has_entered(0);
        let tenure = Arc::new(Tenure::new(BootClock::new(false)));
        tenure.begin(7, tenure.sends(), Duration::from_secs(5));
        let (term, _) = tenure.present().unwrap();
        let (begun, group) = (Instant::now(), Arc::clone(&replica) as Arc<dyn Settles>);
        let waits = async {
            for lease in [Duration::from_secs(4), Duration::ZERO] {
                assert!(!Unsettled::of(&group).expect("it is not acknowledged").settles().await);
                assert!(begun.elapsed() >= lease && begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
            }
        };
        tokio::select! {
            () = gives_up(Arc::clone(&replica), Arc::new(OfficeSeat::new(tenure)), term) => {}
            () = waits => {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn that_a_master_is_alone_is_told_once_for_each_set_and_where_there_are_others() {
        let pid = |node| Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 };
        let of = |version, nodes: &[u64]| {
            let members = nodes.iter().map(|node| Member::first(pid(*node))).collect();
            InSync { version, members }
        };
        let mut alone = Alone::default();
        // Each after as long as it takes: the set, how many others are there, whether it is told.
        let looks = [
            (of(1, &[1]), 0, false),
            (of(1, &[1]), 0, false),
            (of(1, &[1]), 1, false),
            (of(1, &[1]), 1, true),
            (of(1, &[1]), 1, false),
            (of(2, &[1]), 1, false),
            (of(2, &[1]), 1, true),
            (of(3, &[1, 2]), 1, false),
            (of(3, &[1, 2]), 1, false),
            (of(3, &[1]), 1, false),
            (of(3, &[1]), 1, true),
        ];
        for (look, (set, others, told)) in looks.into_iter().enumerate() {
            assert_eq!(alone.is_to_be_told(&set, others), told, "look {look}");
            tokio::time::advance(ALONE - Duration::from_millis(1)).await;
            assert!(!alone.is_to_be_told(&set, others), "look {look}, too early");
            tokio::time::advance(Duration::from_millis(1)).await;
        }
    }
}
