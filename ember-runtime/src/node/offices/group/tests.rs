//! What a member says, when it stands, and what an operator may accept, as facts come one after the other.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Membership, Says, Stands, accept};
use crate::{
    directory::{ClaimRecord, EpochRecord, GroupRecord, MasterRecord, OfficeNow, RoundRecord, Written},
    error::LossRefused,
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
    node::offices::group::facts::Facts,
    replica::{Fingerprints, InSync, Member, Replica, Terms},
};

const LEASE: Duration = Duration::from_secs(5);
const TYPES: Fingerprints = (1, 2);
const BEGINS: Says = Says::Claim { begins: true, must: true };
const ANSWERS: Says = Says::Claim { begins: false, must: true };

fn pid(node: u64) -> Pid {
    Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 }
}

fn set(version: u64, nodes: &[u64]) -> InSync {
    InSync { version, members: nodes.iter().map(|node| Member::first(pid(*node))).collect() }
}

struct Scene {
    member: Membership,
    office: OfficeNow,
    begin: Instant,
    heard: u64,
    quiet_until: Option<Instant>,
}

impl Scene {
    /// The instance of node 1, with a state if it knows of a set in that epoch.
    fn new(knows: Option<(u64, InSync)>) -> Self {
        let replica = Replica::new(pid(1), TYPES, Terms::default(), usize::MAX);
        if let Some((epoch, set)) = knows {
            replica.elect(Epoch(1), InSync::founded_by(Member::first(pid(1))));
            replica.elect(Epoch(epoch), set);
            replica.step_down();
        }
        let office = OfficeNow { members: (1..=3).map(pid).collect(), ..OfficeNow::default() };
        let member = Membership::new(Arc::new(replica));
        Self { member, office, begin: Instant::now(), heard: 0, quiet_until: None }
    }

    fn record(&mut self, record: Option<(u64, InSync)>) {
        let group = |set| Some(GroupRecord { set, types: TYPES });
        let record = record.map(|(epoch, set)| EpochRecord { epoch: Epoch(epoch), group: group(set) });
        self.office.epoch = record.map(|record| Written { record, modified: 7 });
    }

    fn round(&mut self, nonce: u64) {
        self.office.round = Some(Written { record: RoundRecord { nonce }, modified: 8 });
    }

    fn claims(&mut self, node: u64, round: u64, epoch: u64, set: InSync) {
        let by = Member::first(pid(node));
        let (epoch, types) = (Epoch(epoch), TYPES);
        let record = ClaimRecord { by, round, has_state: true, epoch, set, index: 3, types };
        self.office.claims.insert(by, Written { record, modified: 9 });
    }

    fn facts<T>(&mut self, millis: u64, look: impl FnOnce(&mut Membership, &Facts<'_>) -> T) -> T {
        let facts = Facts {
            now: self.begin + Duration::from_millis(millis),
            office: &self.office,
            eligible: true,
            heard: Some(self.heard),
            quiet_until: self.quiet_until,
            patience: Duration::ZERO,
            wall: 1_000,
        };
        look(&mut self.member, &facts)
    }

    /// What it says when so many milliseconds have passed.
    fn says(&mut self, millis: u64) -> Says {
        self.facts(millis, |member, facts| member.says(facts, LEASE))
    }

    fn stands(&mut self, millis: u64) -> Stands {
        self.facts(millis, |member, facts| member.stands(facts, LEASE))
    }

    /// It has written what it says.
    fn writes(&mut self, round: Option<u64>) {
        if let Some(nonce) = round {
            self.round(nonce);
        }
        let claim = self.member.claim(round, &self.office);
        self.office.claims.insert(claim.by, Written { record: claim, modified: 10 });
    }

    /// It has nothing to say, unless nobody is elected for two leases.
    fn patient(&self) -> Says {
        Says::From(self.after(10_000))
    }

    fn after(&self, millis: u64) -> Instant {
        self.begin + Duration::from_millis(millis)
    }
}

#[tokio::test(start_paused = true)]
async fn a_view_that_is_late_is_given_time_and_one_that_has_gone_back_is_not() {
    let mut scene = Scene::new(Some((5, set(2, &[1, 2]))));
    scene.record(Some((4, set(1, &[1, 2]))));
    assert_eq!(scene.says(0), Says::From(scene.after(500)));
    scene.record(Some((5, set(2, &[1, 2]))));
    assert_eq!(scene.says(100), scene.patient());
    // It has shown that, and does not any more.
    scene.record(Some((4, set(1, &[1, 2]))));
    assert_eq!(scene.says(200), BEGINS);
    scene.record(None);
    assert_eq!(scene.says(300), BEGINS);
    let mut late = Scene::new(Some((5, set(2, &[1, 2]))));
    late.record(Some((4, set(1, &[1, 2]))));
    assert_eq!((late.says(0), late.says(500)), (Says::From(late.after(500)), BEGINS));
}

#[tokio::test(start_paused = true)]
async fn a_claim_wins_when_all_whom_its_set_names_have_claimed_and_a_lease_has_passed() {
    let mut scene = Scene::new(Some((5, set(2, &[1, 2]))));
    scene.record(Some((5, set(2, &[1, 2]))));
    assert_eq!((scene.says(0), scene.stands(0)), (scene.patient(), Stands::Now));
    scene.record(None);
    assert_eq!((scene.says(1_000), scene.stands(1_000)), (BEGINS, Stands::Not));
    scene.writes(Some(77));
    assert_eq!((scene.says(1_100), scene.stands(1_100)), (Says::Nothing, Stands::Not));
    // Another knows less, and has said so.
    scene.claims(2, 77, 4, set(1, &[1, 2]));
    assert_eq!(scene.stands(1_200), Stands::From(scene.after(6_000)));
    assert_eq!(scene.stands(6_000), Stands::Now);
    assert_eq!(scene.member.record().unwrap().set, set(2, &[1, 2]));
    // What is claimed beside it in another round says how new it is, and not that it was said now.
    scene.claims(2, 76, 4, set(1, &[1, 2]));
    assert_eq!(scene.stands(6_000), Stands::Not);
    scene.claims(2, 77, 4, set(1, &[1, 2]));
    scene.claims(3, 76, 5, set(3, &[3]));
    assert_eq!(scene.stands(6_000), Stands::Not);
    assert_eq!(scene.says(6_000), Says::Nothing);
}

#[tokio::test(start_paused = true)]
async fn a_round_that_stood_there_when_the_registry_came_back_is_out_of_a_backup() {
    let mut scene = Scene::new(Some((5, set(2, &[1, 2]))));
    scene.record(Some((5, set(2, &[1, 2]))));
    assert_eq!(scene.says(0), scene.patient());
    scene.heard = 1;
    scene.record(None);
    scene.round(77);
    scene.claims(1, 77, 5, set(2, &[1, 2]));
    scene.claims(2, 77, 5, set(2, &[1, 2]));
    assert_eq!((scene.says(1_000), scene.stands(9_000)), (BEGINS, Stands::Not));
    // Another member was quicker: that round was begun since.
    scene.round(78);
    assert_eq!((scene.says(1_100), scene.stands(9_000)), (ANSWERS, Stands::Not));
    scene.writes(None);
    scene.claims(2, 78, 5, set(2, &[1, 2]));
    assert_eq!((scene.says(1_200), scene.stands(9_000)), (Says::Nothing, Stands::Now));
    // And again.
    scene.heard = 2;
    assert_eq!((scene.says(10_000), scene.stands(20_000)), (BEGINS, Stands::Not));
}

#[tokio::test(start_paused = true)]
async fn a_claim_above_the_record_makes_all_claim_and_elects_nobody_by_the_record() {
    let mut scene = Scene::new(Some((5, set(2, &[1, 2]))));
    scene.record(Some((5, set(2, &[1, 2]))));
    scene.claims(3, 77, 5, set(3, &[3]));
    scene.round(77);
    assert_eq!((scene.says(0), scene.stands(9_000)), (ANSWERS, Stands::Not));
    // It knows less, so that its own claim does not win either.
    scene.writes(None);
    assert_eq!((scene.says(100), scene.stands(9_000)), (Says::Nothing, Stands::Not));
    // What is not above the record keeps nobody.
    scene.claims(3, 77, 5, set(2, &[3]));
    assert_eq!((scene.says(200), scene.stands(9_000)), (scene.patient(), Stands::Now));
}

#[tokio::test(start_paused = true)]
async fn a_new_group_is_begun_after_a_lease_without_record_and_claim_and_by_nobody_who_has_a_state() {
    let mut fresh = Scene::new(None);
    assert_eq!((fresh.says(0), fresh.stands(0)), (Says::Nothing, Stands::From(fresh.after(5_000))));
    fresh.claims(2, 77, 5, set(2, &[2]));
    assert_eq!((fresh.says(5_000), fresh.stands(5_000)), (Says::From(fresh.after(10_000)), Stands::Not));
    fresh.office.claims.clear();
    assert_eq!(fresh.stands(6_000), Stands::From(fresh.after(11_000)));
    assert_eq!(fresh.stands(11_000), Stands::Now);
    fresh.quiet_until = Some(fresh.after(12_000));
    assert_eq!(fresh.stands(11_000), Stands::From(fresh.after(12_000)));
    let mut old = Scene::new(Some((5, set(2, &[1]))));
    assert_eq!(old.stands(60_000), Stands::Not);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_is_elected_everybody_says_what_it_has() {
    let mut scene = Scene::new(None);
    scene.record(Some((5, set(2, &[2]))));
    assert_eq!(scene.says(0), Says::From(scene.after(10_000)));
    assert_eq!(scene.says(10_000), Says::Claim { begins: false, must: false });
    scene.writes(None);
    assert!(!scene.office.claim_of(pid(1)).unwrap().has_state);
    assert_eq!((scene.says(10_100), scene.stands(10_100)), (Says::Nothing, Stands::Not));
}

#[tokio::test(start_paused = true)]
async fn a_loss_is_accepted_when_nobody_lives_who_has_all_of_it() {
    let mut scene = Scene::new(Some((4, set(1, &[1, 2]))));
    let ask = |scene: &Scene, goes_on| accept(&scene.office, goes_on, 1_000);
    assert_eq!(ask(&scene, None), Err(LossRefused::NoGroup));
    scene.record(Some((5, set(2, &[2]))));
    assert_eq!(ask(&scene, Some(pid(1))), Err(LossRefused::InSync(pid(2))));
    scene.office.members.retain(|it| *it != pid(2));
    assert_eq!(ask(&scene, Some(pid(1))), Err(LossRefused::NoState(pid(1))));
    scene.writes(None);
    let master = MasterRecord { epoch: Epoch(5), pid: pid(2), lease: 5 };
    scene.office.master = Some(Written { record: master, modified: 3 });
    assert_eq!(ask(&scene, Some(pid(1))), Err(LossRefused::HasMaster(pid(2))));
    scene.office.master = None;
    let goes_on = ask(&scene, Some(pid(1))).unwrap();
    assert_eq!((goes_on.epoch, goes_on.group.unwrap().set), (Epoch(1_000), set(1, &[1])));
    let anew = ask(&scene, None).unwrap();
    assert_eq!(anew.group.as_ref().unwrap().set.members, BTreeSet::new());
    // Whoever is elected then has nothing of before.
    scene.office.claims.clear();
    scene.office.epoch = Some(Written { record: anew, modified: 11 });
    assert_eq!(ask(&scene, None), Err(LossRefused::Begins));
    assert_eq!((scene.says(0), scene.stands(0)), (Says::From(scene.after(10_000)), Stands::Now));
    let founder = scene.member.replica.standing();
    assert_eq!((founder.knows, founder.member.incarnation), (None, 1));
    assert_eq!(scene.member.record().unwrap().set, InSync::founded_by(founder.member));
}

#[tokio::test(start_paused = true)]
async fn of_those_who_wait_for_one_that_is_missing_any_may_be_named_and_nobody_else() {
    let mut scene = Scene::new(Some((5, set(2, &[1, 2]))));
    assert_eq!(scene.says(0), Says::From(scene.after(500)));
    scene.writes(Some(77));
    scene.claims(3, 77, 5, set(1, &[1, 2, 3]));
    // The other one lives, and has not spoken yet: then it is not known to have nothing.
    let vacancy = scene.office.vacancy().expect("nobody wins").to_string();
    assert!(vacancy.contains(&pid(2).to_string()) && !vacancy.contains(&pid(3).to_string()), "{vacancy}");
    scene.office.members.retain(|it| *it != pid(2));
    let ask = |goes_on| accept(&scene.office, goes_on, 1_000);
    assert_eq!(ask(Some(pid(3))), Err(LossRefused::InSync(pid(1))));
    assert_eq!(ask(None), Err(LossRefused::InSync(pid(1))));
    assert_eq!(ask(Some(pid(1))).unwrap().group.unwrap().set, set(1, &[1]));
}

#[tokio::test(start_paused = true)]
async fn where_an_older_record_names_only_who_is_gone_the_one_that_has_most_goes_on() {
    let mut scene = Scene::new(None);
    scene.record(Some((5, set(1, &[4]))));
    // Both have learnt under the set of the record; only one was in the next, which the registry has lost.
    for (node, index) in [(1, 3), (2, 4)] {
        scene.claims(node, 0, 5, set(1, &[4]));
        scene.office.claims.get_mut(&Member::first(pid(node))).unwrap().record.index = index;
    }
    let ask = |scene: &Scene, node| accept(&scene.office, Some(pid(node)), 1_000).map(|it| it.group.unwrap().set);
    assert_eq!(ask(&scene, 1), Err(LossRefused::InSync(pid(2))));
    assert_eq!(ask(&scene, 2), Ok(set(1, &[2])));
    // What has a higher version in an earlier epoch is less, whatever else it has.
    scene.claims(3, 0, 4, set(9, &[3, 4]));
    assert_eq!(ask(&scene, 3), Err(LossRefused::InSync(pid(2))));
    // Who has most can be ended, and then the next one is it.
    scene.office.members.retain(|it| *it != pid(2));
    assert_eq!(ask(&scene, 1), Ok(set(1, &[1])));
}
