//! The task that looks at the candidates of a node, and the ways in which the rest of the node speaks of them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    booth::Booth,
    candidate::{Candidate, Stage, Step},
    done::{Done, tell},
    group::{Facts, place},
};
use crate::{
    actor::{AnyCell, ServiceState},
    call::Router,
    clock::Clock,
    directory::Directory,
    office::{Appointment, OfficeName, OfficeSeat, Tenure},
    replica::Replica,
    sync::lock,
};

/// Whoever has handed over its office lets others have it for so long.
const AFTER_A_HAND_OVER: Duration = Duration::from_secs(2);
/// An office is made free so long after it was given up: replies that were released before reach their callers, who would drop them once
/// they know of the next master.
pub(super) const ON_THEIR_WAY: Duration = Duration::from_millis(50);
/// An entry that is nobody's, and is still there after this time, is removed again.
pub(super) const SWEEP: Duration = Duration::from_secs(1);
/// A task that nothing wakes looks again after this time.
const IDLE: Duration = Duration::from_secs(60 * 60);

/// The candidates of one node.
pub(crate) struct Elections {
    pub(super) router: Arc<Router>,
    pub(super) directory: Arc<Directory>,
    pub(super) booth: Arc<Booth>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    /// There is something to look at.
    wake: Notify,
    /// Offices that are being made free.
    pub(super) freeing: AtomicUsize,
}

#[derive(Default)]
pub(super) struct Known {
    /// By the number of the service.
    pub(super) candidates: BTreeMap<u64, Candidate>,
    /// Their services, while they live.
    cells: BTreeMap<u64, Weak<dyn AnyCell>>,
    /// Entries to be removed of services that have ended.
    left: Vec<(OfficeName, i64)>,
    /// Entries of this node that are nobody's, and when they are to be removed again, should they still be there.
    pub(super) swept: BTreeMap<OfficeName, Instant>,
    /// The node retires: none of its candidates stands any more.
    closed: bool,
    outages: u64,
    /// When the registry came back last.
    returned: Option<Instant>,
}

impl Elections {
    pub(crate) fn new(router: Arc<Router>, clock: Arc<dyn Clock>, tenure: Arc<Tenure>) -> Arc<Self> {
        let directory = Arc::clone(router.directory());
        Arc::new(Self {
            booth: Arc::new(Booth::new(Arc::clone(&directory), tenure)),
            router,
            directory,
            clock,
            known: Mutex::default(),
            wake: Notify::new(),
            freeing: AtomicUsize::new(0),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }

    #[cfg(feature = "cluster")]
    pub(crate) fn tenure(&self) -> &Arc<Tenure> {
        &self.booth.own
    }

    /// The registry decides from now on. Once, before anybody stands.
    #[cfg(feature = "cluster")]
    pub(crate) fn decide_by(&self, ballot: super::Ballot) {
        self.booth.decide_by(ballot);
    }

    /// Milliseconds since 1970.
    pub(super) fn wall(&self) -> u64 {
        u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long the lease of an office is at least; nothing where there is no registry.
    pub(crate) fn shortest_lease(&self) -> Option<Duration> {
        self.booth.shortest()
    }

    /// An instance of an elected service is about to start, which holds its office by a lease of this length, or by that of the node.
    pub(crate) fn add(&self, cell: &Arc<dyn AnyCell>, replica: Option<Arc<Replica>>, lease: Option<Duration>) {
        // First: a lease that no candidate wants is given back.
        let mut known = self.lock();
        let (seat, pid) = (Arc::new(OfficeSeat::new(self.booth.tenure(lease))), cell.pid());
        let lease = lease.max(self.booth.shortest()).unwrap_or_default();
        let office = cell.identity().office();
        if let Some(replica) = &replica {
            let (seat, shown) = (Arc::clone(&seat), self.directory.shown(&office));
            replica.stands_at(place(&self.router, &self.booth, replica, office.clone(), (seat, shown)));
        }
        let mut candidate = Candidate::new((office, pid), seat, replica, lease);
        if let Some(member) = &mut candidate.member {
            member.is_alone = self.booth.shortest().is_none();
        }
        known.candidates.insert(pid.number, candidate);
        known.cells.insert(pid.number, Arc::downgrade(cell));
    }

    /// Gives up all leases beside that of the node, and what is held by them, when the offices that were given up before are free.
    #[cfg(feature = "cluster")]
    pub(crate) async fn leave(&self) {
        let freed = async {
            while self.freeing.load(Ordering::Relaxed) > 0 || !self.lock().left.is_empty() {
                sleep(ON_THEIR_WAY / 10).await;
            }
        };
        let _late = tokio::time::timeout(ON_THEIR_WAY * 4, freed).await;
        self.booth.leave().await;
    }

    /// Its right to act.
    pub(crate) fn seat(&self, number: u64) -> Option<Arc<OfficeSeat>> {
        self.lock().candidates.get(&number).map(|candidate| Arc::clone(&candidate.seat))
    }

    /// It has begun its work: it may stand.
    pub(crate) fn begin(&self, number: u64) {
        if let Some(candidate) = self.lock().candidates.get_mut(&number) {
            candidate.begun = true;
            self.wake.notify_one();
        }
    }

    /// Its state has been lost: whatever it held is given up. It stands again when it runs again.
    pub(crate) fn fall(&self, number: u64) {
        let mut known = self.lock();
        let Some(candidate) = known.candidates.get_mut(&number) else { return };
        candidate.has_failed(Instant::now());
        if let Some(revision) = candidate.leave() {
            let office = candidate.office.clone();
            known.left.push((office, revision));
        }
        drop(known);
        self.tell();
        self.wake.notify_one();
    }

    /// It has ended.
    pub(crate) fn end(&self, number: u64) {
        let mut known = self.lock();
        known.cells.remove(&number);
        let Some(mut candidate) = known.candidates.remove(&number) else { return };
        known.left.extend(candidate.leave().map(|revision| (candidate.office.clone(), revision)));
        drop(known);
        // It may be the last that has what waits there.
        candidate.tell();
        self.wake.notify_one();
    }

    /// It gives up its office when its running handler has ended, and lets others have it. `false` if it is not the master, or nobody else
    /// can take the office: it keeps it then.
    pub(crate) fn hand_over(&self, number: u64) -> bool {
        let mut known = self.lock();
        let Some(candidate) = known.candidates.get_mut(&number) else { return false };
        let is_master = candidate.seat.acting().is_some();
        let gives_up = is_master && self.has_heirs(candidate, &self.directory.office(&candidate.office));
        if gives_up {
            candidate.resigns = true;
            candidate.hold_back(Instant::now(), AFTER_A_HAND_OVER);
            self.wake.notify_one();
        }
        gives_up
    }

    /// The node retires: all that its instances hold goes to others, and none stands any more.
    pub(crate) fn close(&self) {
        let mut known = self.lock();
        known.closed = true;
        self.booth.retire();
        known.candidates.values_mut().for_each(|candidate| candidate.resigns = true);
        self.wake.notify_one();
    }

    /// Looks after the candidates, until dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        let (mut changes, mut terms) = (self.directory.changes(), self.booth.own.changes());
        let (mut tasks, mut keepers) = (JoinSet::new(), JoinSet::new());
        // One that nothing of this node ever wakes has no candidates.
        self.wake.notified().await;
        let mut heard = self.booth.heard();
        loop {
            changes.mark_unchanged();
            terms.mark_unchanged();
            let next = self.look(&mut tasks, &mut keepers);
            self.tell();
            tokio::select! {
                biased;
                Some(done) = tasks.join_next() => {
                    if let Ok(done) = done {
                        self.take(done, &mut tasks);
                    }
                }
                () = self.wake.notified() => {}
                () = heard.changed() => {}
                _ = terms.changed() => {}
                _ = changes.changed() => {}
                () = sleep_until(next) => {}
            }
        }
    }

    /// Does what there is to do now; when to look again at the latest.
    pub(super) fn look(&self, tasks: &mut JoinSet<Done>, keepers: &mut JoinSet<()>) -> Instant {
        let now = Instant::now();
        // Dropped with nothing locked: it may be the last that has one, and the user's state with it.
        let mut alive = Vec::new();
        let mut known = self.lock();
        let mut next = now + IDLE;
        let contact = self.booth.contact();
        known.returned = contact.returned(&mut known.outages).then_some(now).or(known.returned);
        let returned = known.returned;
        self.booth.was_back(returned);
        for (office, revision) in std::mem::take(&mut known.left) {
            self.vacate(tasks, 0, &office, revision, ON_THEIR_WAY);
        }
        next = next.min(self.sweep(&mut known, tasks, now).unwrap_or(next));
        let Known { candidates, cells, closed, .. } = &mut *known;
        let is_wanted = |tenure: &Tenure| candidates.values().any(|it| std::ptr::eq(it.seat.tenure(), tenure));
        self.booth.keep_leases(keepers, &is_wanted);
        for (&number, candidate) in candidates {
            let office = self.directory.office(&candidate.office);
            if let Some(epoch) = office.highest {
                let master = office.master.map(|it| it.record).filter(|it| it.epoch == epoch);
                candidate.seat.learn(epoch, master.map(|it| it.pid));
            }
            candidate.warn_of_another_lease(&office);
            candidate.tells_its_member(&office);
            candidate.warn_of_vacancy(&office, now);
            let Some(cell) = cells.get(&number).and_then(Weak::upgrade) else { continue };
            alive.push(Arc::clone(&cell));
            let runs = cell.state() == ServiceState::Running && candidate.begun;
            let eligible = !*closed
                && contact.is_good
                && runs
                && self.directory.lists(candidate.pid)
                && self.booth.holds_by(&candidate.seat).is_some();
            let facts = Facts {
                now,
                office: &office,
                eligible,
                heard: contact.is_good.then_some(contact.outages),
                // As long as another whom the registry has forgotten may act.
                quiet_until: returned.map(|at| at + contact.ttl.max(candidate.longest_lease(&office))),
                patience: if office.master.is_none() { self.patience(candidate, &office) } else { Duration::ZERO },
                wall: self.wall(),
            };
            match candidate.step(&facts) {
                Step::Nothing => {}
                Step::Wait(until) => next = next.min(until),
                Step::Bid(epoch) => next = next.min(self.bid(tasks, number, candidate, epoch, &office).unwrap_or(next)),
                Step::Claim { begins } => self.claim(tasks, number, candidate, begins, &office),
                Step::Yield => {
                    tracing::warn!(
                        target: "ember::cluster", office = %candidate.office, pid = %candidate.pid,
                        "the registry has less than this group knows: its master gives up its office, until its members have said what they have"
                    );
                    self.give_up(tasks, number, candidate);
                }
                Step::Raise(epoch) => {
                    tracing::warn!(
                        target: "ember::cluster", office = %candidate.office, pid = %candidate.pid, %epoch,
                        "the registry has forgotten the last master: it is told of its epoch"
                    );
                    let raised = self.booth.raise(&candidate.office, &office, epoch);
                    tasks.spawn(raised.map(|()| Done::Raised));
                }
                Step::Vacate(modified) => {
                    candidate.vacates(modified);
                    self.vacate(tasks, number, &candidate.office, modified, Duration::ZERO);
                }
                Step::Lost => {
                    tracing::warn!(
                        target: "ember::cluster", office = %candidate.office, pid = %candidate.pid,
                        "not the master any more: the lease by which it was has ended, its entry was removed, or it has lost its state"
                    );
                    candidate.leave();
                    self.wake.notify_one();
                }
            }
            if cell.state() == ServiceState::Paused {
                candidate.pauses();
            }
            // With nobody to take over, a node that retires serves until it has ended.
            let gives_up = candidate.resigns && (!*closed || self.has_heirs(candidate, &office));
            if gives_up && let Stage::Elected { epoch, .. } = candidate.stage {
                candidate.resigns = false;
                tell(
                    tasks,
                    |done| cell.appoint(Appointment::Resign(epoch, done)),
                    move |well| Done::Resigned { number, epoch, well },
                );
            }
            if let Some(epoch) = candidate.news(&office) {
                cell.appoint(Appointment::Follow(epoch));
            }
        }
        next
    }

    pub(super) fn take(&self, done: Done, tasks: &mut JoinSet<Done>) {
        let now = Instant::now();
        // Dropped with nothing locked, as above.
        let alive;
        let mut known = self.lock();
        match done {
            Done::Bid { number, office, epoch, term, won } => {
                alive = known.cells.get(&number).and_then(Weak::upgrade);
                let cell = alive.as_ref();
                let Some(candidate) = known.candidates.get_mut(&number) else {
                    // It has ended meanwhile.
                    known.left.extend(won.map(|revision| (office, revision)));
                    return;
                };
                let (Some(revision), Some(cell)) = (won, cell) else {
                    candidate.failed_bid(now);
                    // Its service has gone: nobody takes the office up.
                    known.left.extend(won.map(|revision| (office, revision)));
                    return;
                };
                tracing::info!(target: "ember::cluster", office = %candidate.office, pid = %candidate.pid, %epoch, "elected master");
                candidate.elected(epoch, term, revision);
                if let Some(shipper) = self.shipper(candidate, epoch, term, revision) {
                    tasks.spawn(shipper.run().map(|()| Done::Shipped));
                }
                tell(
                    tasks,
                    |done| cell.appoint(Appointment::Lead(epoch, done)),
                    move |well| Done::Led { number, epoch, well },
                );
            }
            Done::Led { number, epoch, well } => {
                let Some(candidate) = known.candidates.get_mut(&number) else { return };
                candidate.has_led(well);
                let holds = matches!(candidate.stage, Stage::Elected { epoch: held, .. } if held == epoch);
                if !well && holds {
                    tracing::warn!(
                        target: "ember::cluster", office = %candidate.office, pid = %candidate.pid, %epoch,
                        "it did not take up its office: others are to try"
                    );
                    candidate.has_failed(now);
                    self.give_up(tasks, number, candidate);
                }
            }
            Done::Resigned { number, epoch, well } => {
                let Some(candidate) = known.candidates.get_mut(&number) else { return };
                let holds = matches!(candidate.stage, Stage::Elected { epoch: held, .. } if held == epoch);
                if well && holds {
                    tracing::info!(target: "ember::cluster", office = %candidate.office, pid = %candidate.pid, %epoch, "hands its office over");
                    self.give_up(tasks, number, candidate);
                }
            }
            Done::Claimed { number } => {
                if let Some(member) = known.candidates.get_mut(&number).and_then(|it| it.member.as_mut()) {
                    member.claims.was_written(now);
                }
            }
            Done::Shipped | Done::Raised => {}
            Done::Vacated { number, well } => {
                self.freeing.fetch_sub(1, Ordering::Relaxed);
                if let Some(candidate) = known.candidates.get_mut(&number) {
                    candidate.has_vacated(well, now);
                }
            }
        }
    }
}
