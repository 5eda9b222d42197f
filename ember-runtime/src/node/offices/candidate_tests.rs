//! A candidate, step by step.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    candidate::{Candidate, Step},
    group::{Facts, next_epoch},
};
use crate::{
    directory::{EpochRecord, GroupRecord, MasterRecord, OfficeNow, Written},
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
    office::{BootClock, OfficeName, OfficeSeat, Role, Tenure},
    replica::{InSync, Member, Replica, Terms},
};

const WALL: u64 = 1_000;
const TYPES: (u64, u64) = (1, 2);

fn pid(node: u64) -> Pid {
    Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 }
}

/// What the view shows when this one is the master.
fn held(by: u64, epoch: u64, modified: i64) -> OfficeNow {
    let (epoch, pid) = (Epoch(epoch), pid(by));
    OfficeNow {
        master: Some(Written { record: MasterRecord { epoch, pid, lease: 5 }, modified }),
        epoch: Some(Written { record: EpochRecord { epoch, group: None }, modified }),
        highest: Some(epoch),
        last: Some(MasterRecord { epoch, pid, lease: 5 }),
        members: vec![self::pid(1), self::pid(2)],
        ..OfficeNow::default()
    }
}

/// The same, after that one has gone.
fn free(now: OfficeNow) -> OfficeNow {
    OfficeNow { master: None, ..now }
}

/// Nobody is the master, and who was in sync is that one alone.
fn vacant(by: u64, epoch: u64) -> OfficeNow {
    let set = InSync::founded_by(Member::first(pid(by)));
    let record = EpochRecord { epoch: Epoch(epoch), group: Some(GroupRecord { set, types: TYPES }) };
    OfficeNow { epoch: Some(Written { record, modified: 7 }), ..free(held(by, epoch, 7)) }
}

/// To stand for what comes after an epoch that the clock has not reached.
fn beyond(epoch: u64) -> Step {
    Step::Bid(next_epoch(Some(Epoch(epoch)), WALL, Some(pid(1))))
}

struct Scene {
    tenure: Arc<Tenure>,
    candidate: Candidate,
    begin: Instant,
    eligible: bool,
    /// So many outages of the registry have ended.
    outages: u64,
    quiet_until: Option<Instant>,
}

impl Scene {
    fn new() -> Self {
        let tenure = Arc::new(Tenure::new(BootClock::new(false)));
        tenure.begin(1, tenure.sends(), Duration::from_secs(5));
        let seat = Arc::new(OfficeSeat::new(Arc::clone(&tenure)));
        let candidate =
            Candidate::new((OfficeName::new(0, "ledger", "ledger"), pid(1)), seat, None, Duration::from_secs(5));
        Self { tenure, candidate, begin: Instant::now(), eligible: true, outages: 0, quiet_until: None }
    }

    /// What it does when so many milliseconds have passed.
    fn at(&mut self, millis: u64, office: &OfficeNow) -> Step {
        let facts = Facts {
            now: self.begin + Duration::from_millis(millis),
            office,
            eligible: self.eligible,
            heard: Some(self.outages),
            quiet_until: self.quiet_until,
            patience: Duration::from_millis(50),
            wall: WALL,
        };
        self.candidate.step(&facts)
    }

    /// Of a replicated group.
    fn member() -> Self {
        let scene = Self::new();
        let seat = Arc::new(OfficeSeat::new(Arc::clone(&scene.tenure)));
        let replica = Some(Arc::new(Replica::new(pid(1), TYPES, Terms::default(), usize::MAX)));
        let candidate =
            Candidate::new((OfficeName::new(0, "ledger", "ledger"), pid(1)), seat, replica, Duration::from_secs(5));
        Self { candidate, ..scene }
    }

    fn elected(epoch: u64) -> Self {
        let mut scene = Self::new();
        let (term, _) = scene.tenure.present().unwrap();
        scene.candidate.elected(Epoch(epoch), term, 7);
        scene
    }
}

#[tokio::test(start_paused = true)]
async fn a_free_office_is_stood_for_in_turn_and_with_a_higher_epoch_than_any_that_was_seen() {
    let mut scene = Scene::new();
    let in_turn = Step::Wait(scene.begin + Duration::from_millis(50));
    assert_eq!(scene.at(0, &OfficeNow::default()), in_turn);
    assert_eq!(scene.at(50, &OfficeNow::default()), Step::Bid(Epoch(WALL)));
    // Whoever is not able to, does not; nor does one for whom another is the master.
    scene.eligible = false;
    assert_eq!(scene.at(60, &OfficeNow::default()), Step::Nothing);
    scene.eligible = true;
    assert_eq!(scene.at(60, &held(2, 5_000, 3)), Step::Nothing);
    let gone = free(held(2, 5_000, 3));
    assert!(matches!(scene.at(70, &gone), Step::Wait(_)));
    assert_eq!(scene.at(120, &gone), beyond(5_000));
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_nobody_but_the_last_master_stands_at_once() {
    let mut scene = Scene::new();
    scene.quiet_until = Some(scene.begin + Duration::from_secs(5));
    let gone = free(held(2, 5_000, 3));
    assert!(matches!(scene.at(0, &gone), Step::Wait(_)));
    assert_eq!(scene.at(4_999, &gone), Step::Wait(scene.begin + Duration::from_secs(5)));
    assert_eq!(scene.at(5_000, &gone), beyond(5_000));
    let mut last = Scene::new();
    last.quiet_until = Some(last.begin + Duration::from_secs(5));
    let own = free(held(1, 5_000, 3));
    assert!(matches!(last.at(0, &own), Step::Wait(_)));
    assert_eq!(last.at(50, &own), beyond(5_000));
}

#[tokio::test(start_paused = true)]
async fn an_office_is_lost_with_its_entry_its_lease_or_to_a_later_epoch() {
    let mut scene = Scene::elected(5);
    // The view is behind.
    assert_eq!(scene.at(0, &OfficeNow::default()), Step::Nothing);
    assert_eq!(scene.at(1, &held(1, 5, 7)), Step::Nothing);
    assert_eq!(scene.at(2, &free(held(1, 5, 7))), Step::Lost);
    let mut later = Scene::elected(5);
    assert_eq!(later.at(0, &held(2, 4, 6)), Step::Nothing, "one of the past, in a view that is behind");
    assert_eq!(later.at(0, &held(2, 6, 8)), Step::Lost);
    let mut lease = Scene::elected(5);
    lease.tenure.end();
    assert_eq!(lease.at(0, &held(1, 5, 7)), Step::Lost);
}

#[tokio::test(start_paused = true)]
async fn what_a_registry_has_not_when_it_is_back_is_lost_also_where_the_view_never_had_it() {
    let mut scene = Scene::elected(5);
    for millis in 0..3 {
        assert_eq!(scene.at(millis, &OfficeNow::default()), Step::Nothing, "the view is behind");
    }
    scene.outages = 1;
    assert_eq!(scene.at(3, &OfficeNow::default()), Step::Lost);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_has_forgotten_the_last_epoch_is_told_of_it() {
    let mut one = Scene::new();
    // From a backup: another was the master since, and is gone.
    let older = OfficeNow { highest: Some(Epoch(9)), ..held(2, 7, 4) };
    one.eligible = false;
    assert_eq!(one.at(0, &older), Step::Nothing);
    one.eligible = true;
    assert_eq!(one.at(0, &older), Step::Raise(Epoch(9)));
    assert_eq!(one.at(999, &older), Step::Wait(one.begin + Duration::from_secs(1)));
    assert_eq!(one.at(1_000, &older), Step::Raise(Epoch(9)));
    assert_eq!(one.at(1_000, &held(2, 9, 5)), Step::Nothing);
}

#[tokio::test(start_paused = true)]
async fn it_is_told_also_where_there_is_no_master_and_nobody_may_stand_yet() {
    let mut one = Scene::new();
    one.quiet_until = Some(one.begin + Duration::from_secs(5));
    let older = OfficeNow { highest: Some(Epoch(9)), ..free(held(2, 7, 4)) };
    assert_eq!(one.at(0, &older), Step::Raise(Epoch(9)), "whoever is started now knows of none, and waits for nobody");
    assert_eq!(one.at(1, &older), Step::Wait(one.begin + Duration::from_secs(1)));
    let told = free(held(2, 9, 5));
    assert_eq!(one.at(2, &told), Step::Wait(one.begin + Duration::from_secs(5)));
    // An empty one likewise.
    let empty = OfficeNow { epoch: None, ..told };
    assert_eq!(one.at(1_001, &empty), Step::Raise(Epoch(9)));
}

#[test]
fn two_who_do_not_know_of_each_other_and_whose_clocks_are_behind_take_epochs_of_their_own() {
    let epochs: std::collections::BTreeSet<_> =
        (1..=64).map(|node| next_epoch(Some(Epoch(5_000)), 5_000, Some(pid(node)))).collect();
    assert!(epochs.len() > 60, "{epochs:?}");
    assert!(epochs.iter().all(|epoch| (5_001..=5_000 + (1 << 12)).contains(&epoch.0)));
    assert_eq!(next_epoch(Some(Epoch(5_000)), 5_001, Some(pid(1))), Epoch(5_001), "the clock tells them apart");
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_names_it_and_that_it_does_not_hold_is_removed_once() {
    let mut scene = Scene::new();
    assert_eq!(scene.at(0, &held(1, 5, 7)), Step::Vacate(7));
    scene.candidate.vacates(7);
    assert_eq!(scene.at(1, &held(1, 5, 7)), Step::Nothing);
    scene.candidate.has_vacated(true, scene.begin);
    assert_eq!(scene.at(2, &held(1, 5, 7)), Step::Nothing, "the view is behind");
    assert_eq!(scene.at(3, &held(1, 6, 9)), Step::Vacate(9), "another entry");
    // If the registry has not answered, it is tried again, a little later.
    scene.candidate.vacates(9);
    scene.candidate.has_vacated(false, scene.begin);
    assert_eq!(scene.at(4, &held(1, 6, 9)), Step::Wait(scene.begin + Duration::from_millis(200)));
    assert_eq!(scene.at(200, &held(1, 6, 9)), Step::Vacate(9));
    // One that comes back with a backup of the registry is another.
    scene.candidate.vacates(9);
    scene.candidate.has_vacated(true, scene.begin);
    assert!(matches!(scene.at(201, &free(held(1, 6, 9))), Step::Wait(_)));
    assert_eq!(scene.at(202, &held(1, 6, 9)), Step::Vacate(9));
}

#[tokio::test(start_paused = true)]
async fn whoever_fails_to_take_up_its_office_lets_others_try_for_longer_each_time() {
    let mut scene = Scene::new();
    let mut pauses = Vec::new();
    for _ in 0..7 {
        scene.candidate.not_before = None;
        scene.candidate.has_failed(scene.begin);
        pauses.push((scene.candidate.not_before.unwrap() - scene.begin).as_secs());
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    scene.candidate.has_led(true);
    scene.candidate.not_before = None;
    scene.candidate.has_failed(scene.begin);
    assert_eq!(scene.candidate.not_before, Some(scene.begin + Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn its_service_is_told_once_of_each_master_that_is_another() {
    let mut scene = Scene::new();
    assert_eq!(scene.candidate.news(&OfficeNow::default()), None, "nobody is the master yet");
    assert_eq!(scene.candidate.news(&held(2, 5, 7)), Some(Epoch(5)));
    assert_eq!(scene.candidate.news(&held(2, 5, 7)), None);
    assert_eq!(scene.candidate.news(&free(held(2, 5, 7))), None);
    assert_eq!(scene.candidate.news(&held(3, 6, 9)), Some(Epoch(6)));
    let mut master = Scene::elected(8);
    assert_eq!(master.candidate.news(&held(1, 8, 7)), None);
    master.candidate.leave();
    assert_eq!(master.candidate.news(&held(1, 8, 7)), None, "its entry is still there");
    assert_eq!(master.candidate.news(&free(held(1, 8, 7))), Some(Epoch(8)), "of its own end");
    assert_eq!(master.candidate.news(&held(2, 9, 9)), Some(Epoch(9)));
}

#[tokio::test(start_paused = true)]
async fn what_it_was_elected_for_ends_when_it_leaves() {
    let mut scene = Scene::elected(5);
    let seat = Arc::clone(&scene.candidate.seat);
    assert!(seat.acting().is_none(), "it has not begun yet");
    assert!(!seat.enter(Epoch(4)) && seat.enter(Epoch(5)));
    assert_eq!((seat.acting(), seat.role()), (Some(Epoch(5)), Role::Master));
    assert_eq!(scene.candidate.leave(), Some(7));
    assert_eq!((seat.acting(), seat.role()), (None, Role::Slave));
    assert!(!seat.enter(Epoch(5)), "it was elected for that, and it is over");
}

#[tokio::test(start_paused = true)]
async fn another_lease_of_its_group_is_waited_for_and_told_once() {
    let mut scene = Scene::new();
    let with = |lease, epoch| {
        let mut now = held(2, epoch, 7);
        let record = MasterRecord { lease, ..now.last.unwrap() };
        (now.last, now.master) = (Some(record), Some(Written { record, modified: 7 }));
        now
    };
    let seconds = Duration::from_secs;
    for (lease, longest, told) in [(30, 30, Some(seconds(30))), (2, 5, Some(seconds(2))), (5, 5, None), (0, 5, None)] {
        let office = with(lease, 100 + u64::from(lease));
        assert_eq!(scene.candidate.longest_lease(&free(office.clone())), seconds(longest));
        assert_eq!(scene.candidate.other_lease(&office), told);
        assert_eq!(scene.candidate.other_lease(&office), None, "it was said");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_written_is_the_lease_that_was_granted() {
    let scene = Scene::new();
    scene.tenure.begin(2, scene.tenure.sends(), Duration::from_millis(14_200));
    let lasts = Duration::from_secs(15);
    assert_eq!(scene.candidate.record(Epoch(7)).lasts(), lasts);
    assert_eq!(scene.candidate.longest_lease(&OfficeNow::default()), lasts);
    // Less than was asked for, it waits as others do who got that.
    scene.tenure.begin(3, scene.tenure.sends(), Duration::from_secs(2));
    assert_eq!(scene.candidate.record(Epoch(8)).lasts(), Duration::from_secs(5));
    let mut new = Scene::new();
    new.tenure = Arc::new(Tenure::new(BootClock::new(false)));
    let seat = Arc::new(OfficeSeat::new(Arc::clone(&new.tenure)));
    new.candidate =
        Candidate::new((OfficeName::new(0, "ledger", "ledger"), pid(1)), seat, None, Duration::from_secs(10));
    let other = held(2, 5_000, 7);
    assert_eq!(new.candidate.other_lease(&other), None, "nothing was granted yet");
    new.tenure.begin(1, new.tenure.sends(), Duration::from_secs(10));
    assert_eq!(new.candidate.other_lease(&other), Some(Duration::from_secs(5)));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_not_in_sync_does_not_stand_and_says_what_it_has_when_nobody_is_elected() {
    let mut scene = Scene::member();
    let office = vacant(2, 5);
    let two_leases = scene.begin + Duration::from_secs(10);
    assert_eq!(scene.at(0, &office), Step::Wait(two_leases));
    assert_eq!(scene.at(9_999, &office), Step::Wait(two_leases));
    assert_eq!(scene.at(10_000, &office), Step::Claim { begins: false });
}

#[tokio::test(start_paused = true)]
async fn that_nobody_can_be_elected_is_told_after_a_lease_and_again_after_a_minute() {
    let mut scene = Scene::member();
    let mut tells = |office: &OfficeNow, seconds| {
        scene.candidate.vacancy_to_tell(office, scene.begin + Duration::from_secs(seconds)).is_some()
    };
    let (gone, lives) = (vacant(3, 5), vacant(2, 5));
    assert!(!tells(&gone, 0) && !tells(&gone, 4) && tells(&gone, 5), "for a lease");
    assert!(!tells(&gone, 6) && !tells(&gone, 64) && tells(&gone, 65), "for a minute");
    assert!(tells(&vacant(3, 6), 66), "another epoch");
    assert!(!tells(&lives, 67) && !tells(&vacant(3, 7), 68), "it begins anew");
    assert!(!tells(&vacant(3, 7), 72) && tells(&vacant(3, 7), 73));
}
