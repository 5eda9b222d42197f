//! The candidates of a node without a registry, looked at step by step.

use std::{
    any::{Any, TypeId},
    collections::BTreeSet,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, advance},
};

use super::{done::Done, elections::Elections};
use crate::{
    actor::*,
    call::{LocalCalls, OutageSettings, Outages, Router},
    clock::{Clock, SystemClock},
    directory::{Balancers, Directory, MasterRecord, NodeRecord, ServiceRecord, Written},
    hooks::{HandlerHooks, Hooks, Ordered},
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
    mailbox::Limits,
    office::{BootClock, OfficeName, OfficeSeat, Tenure},
    panics::Each,
    replica::{Batch, InSync, Member, Point, Record, Replica, Terms},
    rng::Rng,
};

const HERE: NodeKey = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
const THERE: NodeKey = NodeKey { id: NodeId(2), incarnation: Incarnation(1) };
const BANK: Pid = Pid { node: HERE, number: 1 };
const RIVAL: Pid = Pid { node: THERE, number: 1 };

struct Bank;

impl Unit for Bank {
    type Access = crate::actor::Alone;
    type This = Self;
    type Parent = Orphan;
    const NAME: &'static str = "Bank";
    fn describe<S: Service, L: Path<S, Unit = Self>>(_: &mut Table<S>) {}
}

impl Specified for Bank {
    const SPEC: ServiceSpec = ServiceSpec::new("bank", "", "1.0.0", "here").elected();
}

/// A node, as far as an elected service asks for it.
struct Around {
    elections: Arc<Elections>,
    rng: Rng,
    runtime: tokio::runtime::Handle,
}

impl Host for Around {
    fn replica(&self, _: Pid) -> Option<Arc<Replica>> {
        None
    }

    fn office(&self, pid: Pid) -> Option<Arc<OfficeSeat>> {
        self.elections.seat(pid.number)
    }

    fn part(&self, _: TypeId) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    fn runtime(&self) -> &tokio::runtime::Handle {
        &self.runtime
    }

    fn rng(&self) -> &Rng {
        &self.rng
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    fn is_watched(&self) -> bool {
        false
    }

    fn handler_hooks(&self) -> &Ordered<dyn HandlerHooks> {
        static NONE: Ordered<dyn HandlerHooks> = Ordered::NONE;
        &NONE
    }

    fn has_one_of(&self, _: u64, _: NodeKey) -> bool {
        true
    }

    fn is_ending(&self) -> bool {
        false
    }

    fn is_known(&self, _: NodeKey) -> bool {
        true
    }

    fn restarts(&self, _: Pid) {}

    fn ended(&self, _: Pid, _: ServiceState) {}
}

struct Scene {
    directory: Arc<Directory>,
    elections: Arc<Elections>,
    cell: Arc<Cell<Bank>>,
    office: OfficeName,
    tasks: JoinSet<Done>,
    _host: Arc<dyn Host>,
}

fn node(key: NodeKey) -> NodeRecord {
    NodeRecord::new(key, format!("node {key}"), "127.0.0.1:0".parse().unwrap(), 0)
}

impl Scene {
    /// A bank that runs and has begun its work, but is not listed yet.
    async fn unlisted() -> Self {
        let (directory, clock) = (Arc::new(Directory::new(node(HERE))), Arc::new(SystemClock));
        let settings =
            (LocalCalls::default(), Hooks::default(), Balancers::default(), Outages::new(OutageSettings::default()));
        let router = Router::new(HERE, Arc::clone(&directory), Rng::from_seed(1), settings);
        let elections = Elections::new(router, clock, Arc::new(Tenure::for_ever(BootClock::new(false))));
        let around = Around {
            elections: Arc::clone(&elections),
            rng: Rng::from_seed(1),
            runtime: tokio::runtime::Handle::current(),
        };
        let host: Arc<dyn Host> = Arc::new(around);
        static BLUEPRINT: OnceLock<Arc<Blueprint<Bank>>> = OnceLock::new();
        let build = || blueprint(|_, _| Each::default(), |_, _, _, _, _| Each::default(), (false, None)).unwrap();
        let cell = Cell::new(Setup {
            pid: BANK,
            particulars: Particulars::default(),
            server: 0,
            blueprint: Arc::clone(BLUEPRINT.get_or_init(build)),
            limits: Limits::default(),
            supervision: Supervision::new(false),
            stops_alone: false,
            host: Arc::downgrade(&host),
        });
        elections.add(&(Arc::clone(&cell) as _), None, None);
        cell.drive(Source::Value(Some(Bank)), None, |started| started.unwrap());
        cell.states().wait_for(|state| *state == ServiceState::Running).await.unwrap();
        elections.begin(BANK.number);
        let office = cell.identity().office();
        Self { directory, elections, cell, office, tasks: JoinSet::new(), _host: host }
    }

    async fn new() -> Self {
        let scene = Self::unlisted().await;
        scene.list();
        scene
    }

    fn list(&self) {
        self.directory.enter_local(&(Arc::clone(&self.cell) as _));
    }

    /// An instance on another node, of the same group.
    fn rival(&self, state: ServiceState, retiring: bool) {
        let identity = ServiceIdentity::clone(self.cell.identity());
        let record = ServiceRecord { elected: true, ..ServiceRecord::supposed(RIVAL, identity, state) };
        self.directory.change(|known| {
            known.put_node(Arc::new(NodeRecord { retiring, ..node(THERE) }));
            known.put_service(&record.into());
        });
    }

    fn master_is(&self, pid: Pid, epoch: u64) {
        let record = MasterRecord { epoch: Epoch(epoch), pid, lease: 0 };
        self.directory.change(|known| known.put_master(&self.office, Some(Written { record, modified: 0 })));
    }

    /// Looks once; whether something was begun, and when to look again.
    fn look(&mut self) -> (bool, Instant) {
        let before = self.tasks.len();
        let next = self.elections.look(&mut self.tasks, &mut JoinSet::new());
        (self.tasks.len() > before, next)
    }

    /// Looks, and lets come back what that has begun, until nothing more happens.
    async fn settle(&mut self) {
        while self.look().0 {
            while let Some(done) = self.tasks.join_next().await {
                self.elections.take(done.unwrap(), &mut self.tasks);
            }
        }
    }

    fn master(&self) -> Option<Pid> {
        self.directory.office(&self.office).master.map(|master| master.record.pid)
    }

    /// What it may do itself, as its handlers ask.
    fn acting(&self) -> Option<Epoch> {
        self.elections.seat(BANK.number)?.acting()
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_stands_when_it_runs_has_begun_and_is_listed_on_a_node_that_stays() {
    assert!(Scene::new().await.look().0);
    let mut unlisted = Scene::unlisted().await;
    assert!(!unlisted.look().0, "nobody finds it");
    unlisted.list();
    assert!(unlisted.look().0);
    let mut paused = Scene::new().await;
    paused.cell.pause(true);
    assert!(!paused.look().0);
    paused.cell.pause(false);
    assert!(paused.look().0);
    let mut retires = Scene::new().await;
    retires.elections.close();
    assert!(!retires.look().0);
    let mut not_begun = Scene::new().await;
    not_begun.elections.end(BANK.number);
    not_begun.elections.add(&(Arc::clone(&not_begun.cell) as _), None, None);
    assert!(!not_begun.look().0);
    not_begun.elections.begin(BANK.number);
    assert!(not_begun.look().0);
}

#[tokio::test(start_paused = true)]
async fn it_acts_from_its_election_until_it_has_handed_over() {
    let mut scene = Scene::new().await;
    scene.settle().await;
    let epoch = scene.acting().expect("it was elected");
    assert_eq!(scene.master(), Some(BANK));
    assert_eq!(scene.elections.shortest_lease(), None, "there is no registry");
    assert!(!scene.elections.hand_over(BANK.number), "nobody else can take it");
    assert!(!scene.elections.hand_over(7), "there is no such candidate");
    for (state, retiring) in [(ServiceState::Paused, false), (ServiceState::Running, true)] {
        scene.rival(state, retiring);
        assert!(!scene.elections.hand_over(BANK.number), "{state:?}, {retiring}");
    }
    scene.rival(ServiceState::Running, false);
    scene.directory.suspect(THERE, true);
    assert!(!scene.elections.hand_over(BANK.number), "its link is broken");
    scene.directory.suspect(THERE, false);
    assert!(scene.elections.hand_over(BANK.number));
    let begun = Instant::now();
    scene.settle().await;
    assert_eq!((scene.acting(), scene.master()), (None, None));
    assert!(begun.elapsed() >= Duration::from_millis(50), "replies are on their way");
    assert!(!scene.elections.hand_over(BANK.number), "it is not the master");
    // The other has 2 s to take it.
    let (_, next) = scene.look();
    assert!(next > begun + Duration::from_millis(1_900) && next < begun + Duration::from_millis(2_100));
    advance(next - Instant::now()).await;
    scene.settle().await;
    assert!(scene.master() == Some(BANK) && scene.acting() > Some(epoch));
}

#[tokio::test(start_paused = true)]
async fn a_pause_gives_the_office_up_once_and_its_end_stands_again() {
    let mut scene = Scene::new().await;
    scene.settle().await;
    scene.cell.pause(true);
    scene.settle().await;
    assert_eq!((scene.acting(), scene.master()), (None, None));
    scene.cell.pause(false);
    scene.settle().await;
    assert!(scene.acting().is_some() && scene.master() == Some(BANK));
}

#[tokio::test(start_paused = true)]
async fn on_a_node_that_retires_the_master_serves_until_another_can() {
    let mut scene = Scene::new().await;
    scene.settle().await;
    scene.elections.close();
    scene.settle().await;
    assert!(scene.acting().is_some(), "nobody else is there");
    scene.rival(ServiceState::Running, false);
    scene.settle().await;
    assert_eq!((scene.acting(), scene.master()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn whoever_ends_or_falls_leaves_its_office_free() {
    let mut scene = Scene::new().await;
    scene.settle().await;
    scene.elections.fall(BANK.number);
    assert_eq!(scene.acting(), None);
    scene.settle().await;
    assert_eq!(scene.master(), None, "others have a second to take it");
    advance(Duration::from_secs(1)).await;
    scene.settle().await;
    assert_eq!(scene.master(), Some(BANK));
    scene.elections.end(BANK.number);
    scene.settle().await;
    assert!(scene.master().is_none() && scene.elections.seat(BANK.number).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_later_master_elsewhere_ends_what_it_was() {
    let mut scene = Scene::new().await;
    scene.settle().await;
    let epoch = scene.acting().expect("it was elected");
    scene.rival(ServiceState::Running, false);
    scene.master_is(RIVAL, epoch.0 + 1);
    scene.settle().await;
    assert_eq!((scene.acting(), scene.master()), (None, Some(RIVAL)));
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_names_nobody_of_this_node_is_removed_again_and_again() {
    let mut scene = Scene::new().await;
    let ghost = Pid { node: HERE, number: 9 };
    let now = Instant::now();
    scene.master_is(ghost, 3);
    let (begun, next) = scene.look();
    assert!(begun && next == now + Duration::from_secs(1));
    // It is still there, as if the registry had not answered.
    scene.master_is(ghost, 3);
    assert!(!scene.look().0, "not before a second has passed");
    advance(Duration::from_secs(1)).await;
    assert!(scene.look().0);
    scene.master_is(RIVAL, 4);
    assert!(!scene.look().0, "that is of another node");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_what_an_office_that_is_lost_decides_is_told_with_nothing_locked() {
    let scene = Scene::new().await;
    for ends in [false, true] {
        let replica = Arc::new(Replica::new(BANK, (1, 2), Terms::default(), 1 << 20));
        scene.elections.add(&(Arc::clone(&scene.cell) as _), Some(Arc::clone(&replica)), None);
        let [own, other] = [BANK, RIVAL].map(Member::first);
        let members: BTreeSet<_> = [own, other].into();
        let records = vec![Record::barrier(Epoch(1))];
        let (previous, version) = (Point::NOTHING, 1);
        replica.receive(Batch {
            epoch: Epoch(1),
            from: other,
            to: BANK,
            previous,
            records,
            end: 1,
            commit: 1,
            version,
            members: members.iter().copied().collect(),
        });
        replica.elect(Epoch(2), InSync { version, members });
        let index = replica.last_unsettled().expect("its barrier is with nobody else");
        let (tell, told) = std::sync::mpsc::channel();
        let elections = Arc::clone(&scene.elections);
        // As an argument of a call that waits may do when it is dropped.
        let then = move |well| tell.send((well, elections.hand_over(BANK.number))).unwrap();
        replica.tell_when_settled(index, Box::new(then));
        if ends {
            scene.elections.end(BANK.number)
        } else {
            scene.elections.fall(BANK.number)
        }
        assert_eq!(told.try_recv(), Ok((false, false)));
    }
}

#[cfg(feature = "cluster")]
#[tokio::test(start_paused = true)]
async fn who_leaves_waits_until_the_offices_that_were_given_up_are_free_and_no_longer() {
    let mut scene = Scene::new().await;
    scene.settle().await;
    let (begun, elections) = (Instant::now(), Arc::clone(&scene.elections));
    elections.leave().await;
    assert_eq!(begun.elapsed(), Duration::ZERO, "nothing was given up");
    elections.end(BANK.number);
    // It asks before anybody has looked, and again while the office is being made free.
    tokio::join!(elections.leave(), scene.settle());
    assert_eq!(scene.master(), None);
    let took = begun.elapsed().as_millis();
    assert!((50..=60).contains(&took), "replies are on their way for 50 ms; it took {took}");
}

#[tokio::test(start_paused = true)]
async fn who_holds_an_office_already_lets_another_stand_first() {
    let mut scene = Scene::new().await;
    scene.rival(ServiceState::Running, false);
    let other = OfficeName::new(0, "ledger", "there already");
    let record = MasterRecord { epoch: Epoch(1), pid: BANK, lease: 0 };
    scene.directory.change(|known| known.put_master(&other, Some(Written { record, modified: 0 })));
    let begun = Instant::now();
    let behind = (false, begun + Duration::from_millis(50));
    assert_eq!(scene.look(), behind);
    advance(Duration::from_millis(49)).await;
    assert_eq!(scene.look(), behind);
    advance(Duration::from_millis(1)).await;
    assert!(scene.look().0, "the other has not taken it");
}
