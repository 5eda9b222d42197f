//! What a call decides on its way: of a scene without links, looked at step by step.

use std::sync::Arc;

use bytes::Bytes;

use super::{Parcel, repeat::may_pass, slow::Course};
use crate::{
    actor::{ServiceIdentity, ServiceState},
    call::{
        LocalCalls, OutageSettings, Outages, Router,
        requests::{Aim, Destination, HandedOver, Inherited, Options, Request, Target},
        routes::OpenCall,
    },
    directory::{
        Among, Balancers, Choice, Directory, Interest, Key, MasterRecord, NodeRecord, Selector, ServiceRecord,
    },
    error::{Failure, LostReason as L, RefusedReason as R},
    hooks::Hooks,
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
    message::{Keys, Written},
    rng::Rng,
};

const HERE: NodeKey = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
const THERE: NodeKey = NodeKey { id: NodeId(2), incarnation: Incarnation(1) };
/// Elected, with a state in common.
const LEDGER: Pid = Pid { node: THERE, number: 1 };
/// Elected.
const BANK: Pid = Pid { node: THERE, number: 2 };
/// One of the same group.
const BRANCH: Pid = Pid { node: THERE, number: 3 };

fn node(key: NodeKey) -> NodeRecord {
    NodeRecord::new(key, format!("node {key}"), "127.0.0.1:0".parse().unwrap(), 0)
}

fn identity(pid: Pid) -> ServiceIdentity {
    ServiceIdentity::supposed(if pid == LEDGER { "ledger" } else { "bank" }, 0, 0)
}

struct Scene {
    directory: Arc<Directory>,
    router: Arc<Router>,
}

impl Scene {
    /// Nobody is the master.
    fn new() -> Self {
        let directory = Arc::new(Directory::new(node(HERE)));
        let settings =
            (LocalCalls::default(), Hooks::default(), Balancers::default(), Outages::new(OutageSettings::default()));
        let router = Router::new(HERE, Arc::clone(&directory), Rng::from_seed(1), settings);
        directory.change(|known| known.put_node(Arc::new(node(THERE))));
        let scene = Self { directory, router };
        [LEDGER, BANK, BRANCH].into_iter().for_each(|pid| scene.is(pid, ServiceState::Running));
        scene
    }

    fn is(&self, pid: Pid, state: ServiceState) {
        let replicated = pid == LEDGER;
        let record = ServiceRecord { elected: true, replicated, ..ServiceRecord::supposed(pid, identity(pid), state) };
        self.directory.change(|known| known.put_service(&record.into()));
    }

    fn leads(&self, pid: Pid) {
        let record = MasterRecord { epoch: Epoch(1), pid, lease: 0 };
        let master = Some(crate::directory::Written { record, modified: 0 });
        self.directory.change(|known| known.put_master(&identity(pid).office(), master));
    }

    /// A call of the bank, before its first step.
    fn course(&self, change: impl FnOnce(&mut Selector, &mut Options)) -> Course {
        let (mut selector, mut options) = (Selector::new(Interest::Service("bank".into())), Options::default());
        change(&mut selector, &mut options);
        let destination = Destination::new(selector, 0, "");
        let target = Target::new(Aim::new(Arc::clone(&self.router), destination, Keys::default(), None));
        let mut request = Request::<Written>::new(target, Bytes::new());
        request.options = options;
        let Parcel { freight, target, options, .. } = Parcel::of(&mut request);
        Course::new((freight, target, options), Inherited::default(), None)
    }

    /// One that has asked this one.
    fn asked(&self, pid: Pid, change: impl FnOnce(&mut Selector, &mut Options)) -> Course {
        let mut course = self.course(change);
        course.place = self.directory.listed(pid);
        assert!(course.place.is_some());
        course
    }
}

fn link_lost() -> L {
    L::LinkLost("it broke".into())
}

#[tokio::test(start_paused = true)]
async fn with_an_id_a_call_is_made_again_only_if_whoever_knows_the_id_can_say_something_else() {
    let scene = Scene::new();
    for (pid, knows) in [(BANK, false), (LEDGER, true)] {
        let mut course = scene.asked(pid, |_, options| options.set_once(7));
        let again = |course: &Course, failure: Failure| course.is_worth_another(&failure);
        assert!(again(&course, link_lost().into()));
        assert_eq!(again(&course, L::Deposed { epoch: 2 }.into()), knows, "the next master of a group with a state");
        assert!(!again(&course, L::Deadline.into()) && !again(&course, L::NoReply.into()));
        assert!(again(&course, R::Expired.into()) && again(&course, R::CallerGone.into()));
        let passes = [R::LinkFull { limit: 1 }, R::Paused, R::BreakerOpen(String::new())];
        assert!(passes.iter().all(|reason| !again(&course, reason.clone().into())), "that was waited for already");
        course.lost = Some((link_lost(), None));
        assert!(passes.iter().all(|reason| again(&course, reason.clone().into())));
        assert!(!again(&course, R::UnknownMethod.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_became_of_a_call_is_asked_if_it_has_a_number_and_the_group_may_know() {
    let scene = Scene::new();
    let mut course = scene.asked(LEDGER, |_, _| {});
    let reasons = [link_lost(), L::Deposed { epoch: 2 }, L::NoReply, L::Deadline, L::Panicked(String::new())];
    let asks = |course: &Course| reasons.each_ref().map(|reason| course.is_asked_for(reason));
    assert_eq!(asks(&course), [false; 5]);
    course.call = Some(OpenCall::begin(&Arc::default()));
    assert_eq!(asks(&course), [true, true, true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn another_attempt_may_end_better_unless_the_callee_would_say_the_same() {
    let scene = Scene::new();
    let (plain, once) = (scene.course(|_, _| {}), scene.course(|_, options| options.set_once(7)));
    let better = |reason: L| [&plain, &once].map(|course| course.may_go_better(&reason));
    assert_eq!(better(link_lost()), [true, true]);
    assert_eq!(better(L::Deadline), [true, true]);
    assert_eq!(better(L::NoReply), [true, false]);
    assert_eq!(better(L::Undecodable(String::new())), [false, false]);
    assert_eq!(better(L::Forgotten), [false, false]);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_cost_the_callee_something_is_paid_for() {
    let mut course = Scene::new().course(|_, _| {});
    assert!(course.burdens(&link_lost().into()) && course.burdens(&R::LinkFull { limit: 1 }.into()));
    for free in [R::NoTarget(String::new()), R::BreakerOpen(String::new()), R::Paused, R::Expired] {
        assert!(!course.burdens(&free.clone().into()), "{free}");
    }
    course.handed_over = HandedOver::Yes;
    assert!(course.burdens(&R::Expired.into()), "it may have waited there");
}

#[test]
fn refusals_that_pass_with_time_are_those_of_who_is_full_or_away() {
    let passing = [R::LinkFull { limit: 1 }, R::NoTarget(String::new()), R::Expired, R::Paused, R::Starting];
    assert!(passing.iter().all(may_pass));
    let lasting = [R::UnknownMethod, R::Private, R::Cycle(String::new()), R::CallerGone];
    assert!(!lasting.iter().any(may_pass));
}

#[tokio::test(start_paused = true)]
async fn a_key_places_a_call_if_the_contract_names_it_or_the_choice_is_by_it() {
    let scene = Scene::new();
    assert!(!scene.course(|_, _| {}).is_placed());
    assert!(
        !scene.course(|_, options| options.set_key(Key::of(&7).unwrap())).is_placed(),
        "it goes along, and that is all"
    );
    assert!(scene.course(|_, options| options.set_contract_key(7)).is_placed());
    assert!(scene.course(|selector, _| selector.choice = Choice::ByKey(7)).is_placed());
}

#[tokio::test(start_paused = true)]
async fn who_has_named_an_instance_is_told_that_another_is_the_master() {
    let scene = Scene::new();
    let named = scene.asked(BANK, |selector, _| selector.pid = Some(BANK));
    let slaves = scene.asked(BANK, |selector, _| selector.among = Among::Slaves);
    let any = scene.asked(BANK, |_, _| {});
    let another = |reason: R| [&named, &slaves, &any].map(|course| course.is_another(&reason));
    assert_eq!(another(R::NotMaster { epoch: 2, master: Some(BRANCH) }), [true, true, false]);
    assert_eq!(another(R::NotMaster { epoch: 2, master: Some(BANK) }), [false; 3], "it is about to begin");
    assert_eq!(another(R::NotMaster { epoch: 2, master: None }), [false; 3]);
    assert_eq!(another(R::Paused), [false; 3]);
}

#[tokio::test(start_paused = true)]
async fn who_is_named_as_the_master_is_asked_only_if_that_raises_the_epoch() {
    let scene = Scene::new();
    scene.leads(BANK);
    let mut course = scene.asked(BANK, |_, _| {});
    let mut named = |last: Option<u64>, epoch, master| {
        (course.redirected, course.last_epoch) = (None, last.map(Epoch));
        course.redirect(Epoch(epoch), master);
        course.redirected.take().map(|it| (it.pid, it.epoch()))
    };
    for stale in 0..=3 {
        assert_eq!(named(Some(3), stale, BRANCH), None, "it would be sent to and fro");
    }
    assert_eq!(named(Some(3), 4, BRANCH), Some((BRANCH, Some(Epoch(4)))));
    assert_eq!(named(None, 2, BRANCH), Some((BRANCH, Some(Epoch(2)))), "only slaves were asked");
    assert_eq!(named(None, 0, BRANCH), None, "the view knows of a later one");
    assert_eq!(named(Some(3), 4, LEDGER), None, "of another group");
    assert_eq!(named(Some(3), 4, Pid { number: 9, ..BRANCH }), None, "nobody has heard of it");
}

#[tokio::test(start_paused = true)]
async fn a_master_that_is_paused_hands_over_and_nobody_else_does() {
    let scene = Scene::new();
    assert!(!scene.asked(BANK, |_, _| {}).is_handed_over(&R::Paused), "nobody leads");
    scene.leads(BANK);
    assert!(scene.asked(BANK, |_, _| {}).is_handed_over(&R::Paused));
    assert!(!scene.asked(BANK, |_, _| {}).is_handed_over(&R::Retiring));
    assert!(!scene.asked(BANK, |selector, _| selector.pid = Some(BANK)).is_handed_over(&R::Paused));
    assert!(!scene.asked(BRANCH, |_, _| {}).is_handed_over(&R::Paused), "that is a slave");
}

#[tokio::test(start_paused = true)]
async fn a_call_of_one_instance_ends_when_that_takes_no_more_and_any_other_waits_for_one_that_starts() {
    let scene = Scene::new();
    let (named, any) = (scene.course(|selector, _| selector.pid = Some(BANK)), scene.course(|_, _| {}));
    for (reason, last) in [(R::Stopped, true), (R::Retiring, true), (R::Paused, false)] {
        assert_eq!([&named, &any].map(|course| course.is_final(&reason)), [last, false], "{reason}");
    }
    let any = scene.course(|selector, _| selector.among = Among::All);
    assert!(!any.one_starts(&[]));
    scene.is(BRANCH, ServiceState::Starting);
    assert!(any.one_starts(&[]) && any.one_starts(&[BANK]) && !any.one_starts(&[BANK, BRANCH]));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_left_for_the_reason_that_helps_the_caller() {
    let scene = Scene::new();
    let (named, any) = (scene.course(|selector, _| selector.pid = Some(BANK)), scene.course(|_, _| {}));
    let not_master = R::NotMaster { epoch: 2, master: None };
    let (away, full) = (R::Unreachable("away".into()), R::LinkFull { limit: 1 });
    let no_master = R::NoMaster("none".into());
    let left = |refused: Option<&R>, none: &R| [&named, &any].map(|course| course.none_left(refused, none));
    assert_eq!(left(Some(&not_master), &R::Starting), [not_master.clone(), R::Starting]);
    assert!(matches!(left(Some(&not_master), &away), [R::NotMaster { .. }, R::NoMaster(_)]));
    assert_eq!(left(Some(&R::Retiring), &no_master), [no_master.clone(), no_master.clone()]);
    assert_eq!(left(Some(&full), &no_master), [full.clone(), full.clone()], "that does not pass");
    assert_eq!(left(None, &away), [away.clone(), away.clone()]);
}
