//! Slots in a registry: who gets which, from when on, and what becomes of a registry that forgets.

use std::sync::Arc;

use super::{
    choice::LONG,
    ledger::Ledger,
    reserved::{AGREE, AHEAD, Asks, FORGOTTEN, Reserved, SPARE},
};
use crate::{
    directory::{BeginRecord, Contact, SlotKey, SlotRecord},
    error::NoUniqueId,
    id::{Incarnation, NodeId, NodeKey},
    net::OsNetwork,
    registry::{Context, InProcess, Registry},
    rng::Rng,
};

/// What the clocks show at first.
const NOW: u64 = 1_000_000_000;
/// Two nodes whose names want the same slot.
const SAME: [u64; 2] = [40, 40 + 1_024];

fn run(node: u64, incarnation: u64) -> NodeKey {
    NodeKey { id: NodeId(node), incarnation: Incarnation(incarnation) }
}

async fn ledger(registry: &InProcess) -> Ledger {
    let context = Context { cluster: "c".into(), network: Arc::new(OsNetwork), rng: Rng::from_seed(1) };
    let session = registry.open(context).await.unwrap();
    Ledger { session, cluster: "c".into(), contact: Contact::none().subscribe() }
}

/// A registry in which slots have been taken for a while.
async fn settled() -> (InProcess, Ledger) {
    let registry = InProcess::default();
    let ledger = ledger(&registry).await;
    take(&ledger, run(999, 1), NOW - FORGOTTEN).await.unwrap();
    (registry, ledger)
}

async fn take(ledger: &Ledger, here: NodeKey, now: u64) -> Result<Reserved, NoUniqueId> {
    take_where(ledger, here, now, &|_| true).await
}

async fn take_where(
    ledger: &Ledger,
    here: NodeKey,
    now: u64,
    lists: &(dyn Fn(NodeKey) -> bool + Send + Sync),
) -> Result<Reserved, NoUniqueId> {
    let (rng, clock) = (Rng::from_seed(here.id.0), move || now);
    ledger.take(&Asks { here, rng: &rng, clock: &clock, lists }, 0).await
}

async fn extend(ledger: &Ledger, here: NodeKey, held: Reserved, now: u64) -> bool {
    let (rng, clock) = (Rng::from_seed(here.id.0), move || now);
    let asks = Asks { here, rng: &rng, clock: &clock, lists: &|_| true };
    ledger.extend(&asks, held.slot, held.until, now + AHEAD).await.unwrap()
}

async fn write(ledger: &Ledger, slot: u16, value: impl Into<bytes::Bytes>) {
    ledger.session.put(SlotKey::Slot(slot).of("c"), value.into(), None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_two_who_want_a_slot_at_once_each_has_one() {
    let (_registry, ledger) = settled().await;
    let [first, second] = SAME.map(|node| take(&ledger, run(node, 1), NOW));
    let (first, second) = tokio::join!(first, second);
    let mut slots = [first.unwrap().slot, second.unwrap().slot];
    slots.sort_unstable();
    assert_eq!(slots, [40, 41]);
}

#[tokio::test(start_paused = true)]
async fn the_next_holder_begins_where_the_reserved_time_ends_whatever_its_clock_shows() {
    let (_registry, ledger) = settled().await;
    let first = take(&ledger, run(40, 1), NOW).await.unwrap();
    assert_eq!(first, Reserved { slot: 40, from: NOW, until: NOW + AHEAD });
    let second = take(&ledger, run(40, 2), NOW - 3_600_000).await;
    // An hour is too far ahead: it has another slot, which it does not make ids ahead of its clock by.
    assert_ne!(second.unwrap().slot, 40);
    let second = take(&ledger, run(40, 3), NOW).await.unwrap();
    assert_eq!((second.slot, second.from, second.until), (40, first.until, first.until + SPARE));
    // The first, should it still live, has lost it.
    assert!(!extend(&ledger, run(40, 1), first, NOW + 10_000).await);
    assert!(extend(&ledger, run(40, 3), second, NOW + 10_000).await);
}

#[tokio::test(start_paused = true)]
async fn one_that_was_given_back_is_free_at_once_from_the_first_time_that_is_not_used() {
    let (_registry, ledger) = settled().await;
    let first = take(&ledger, run(SAME[0], 1), NOW).await.unwrap();
    ledger.give_back(run(SAME[0], 1), first.slot, NOW + 7, NOW).await.unwrap();
    let second = take(&ledger, run(SAME[1], 1), NOW).await.unwrap();
    assert_eq!(second, Reserved { slot: 40, from: NOW + 7, until: NOW + AHEAD });
    // What is another's cannot be given back.
    ledger.give_back(run(SAME[0], 1), 40, NOW, NOW).await.unwrap();
    assert!(extend(&ledger, run(SAME[1], 1), second, NOW + 9_000).await);
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_one_of_a_registry_that_may_have_forgotten_is_ahead_of_all_that_was_reserved() {
    let before = settled().await.1;
    let lost = take(&before, run(SAME[0], 1), NOW).await.unwrap();
    // Wiped: a newcomer is quicker than the holder.
    let wiped = ledger(&InProcess::default()).await;
    let newcomer = take(&wiped, run(SAME[1], 1), NOW + 100).await.unwrap();
    assert_eq!(newcomer.slot, lost.slot);
    assert!(newcomer.from >= NOW + FORGOTTEN && newcomer.from > lost.until && newcomer.until >= newcomer.from + SPARE);
    assert!(!extend(&wiped, run(SAME[0], 1), lost, NOW + 200).await);
    // Later ones are ahead, too, as long as such a time can come; then they are not.
    assert_eq!(take(&wiped, run(7, 1), NOW + 5_000).await.unwrap().from, newcomer.from);
    assert_eq!(take(&wiped, run(8, 1), NOW + 40_000).await.unwrap().from, NOW + 40_000);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_a_wiped_registry_hears_first_has_its_slot_still() {
    let before = settled().await.1;
    let held = take(&before, run(SAME[0], 1), NOW).await.unwrap();
    let wiped = ledger(&InProcess::default()).await;
    assert!(extend(&wiped, run(SAME[0], 1), held, NOW + 1_000).await);
    let newcomer = take(&wiped, run(SAME[1], 1), NOW + 1_100).await.unwrap();
    assert_eq!((newcomer.slot, newcomer.from), (41, NOW + 1_000 + FORGOTTEN), "it may have lost others");
    // Many that write theirs back do not keep each other from it.
    assert!(extend(&wiped, run(55, 1), Reserved { slot: 55, ..held }, NOW + 1_200).await);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_went_back_to_an_older_time_is_told_again() {
    let (_registry, ledger) = settled().await;
    let held = take(&ledger, run(40, 1), NOW).await.unwrap();
    let old = SlotRecord { holder: run(40, 1), until: NOW - 5_000, free: false };
    write(&ledger, 40, serde_json::to_vec(&old).unwrap()).await;
    assert!(extend(&ledger, run(40, 1), held, NOW + 1_000).await);
    let newcomer = take(&ledger, run(7, 1), NOW + 1_000).await.unwrap();
    assert_eq!(newcomer.from, NOW + 1_000 + FORGOTTEN);
}

#[tokio::test(start_paused = true)]
async fn when_all_are_taken_that_is_an_error_until_one_is_left() {
    let (_registry, ledger) = settled().await;
    // One had been taken.
    for slot in (0..1_024).filter(|slot| *slot != 999 && *slot != 500) {
        let holder = run(10_000 + u64::from(slot), 1);
        let record = SlotRecord { holder, until: NOW + AHEAD, free: false };
        write(&ledger, slot, serde_json::to_vec(&record).unwrap()).await;
    }
    assert_eq!(take(&ledger, run(7, 1), NOW).await.unwrap().slot, 500);
    let full = take(&ledger, run(5_000, 1), NOW).await.unwrap_err();
    assert_eq!(full, NoUniqueId::NoSlot);
    assert!(full.to_string().contains("have fewer nodes make ids"), "{full}");
    let later = NOW + AHEAD + LONG;
    let lists = |node: NodeKey| node != run(10_077, 1);
    let left = take_where(&ledger, run(5_000, 1), later, &lists).await.unwrap();
    assert_eq!((left.slot, left.from), (77, later));
    assert_eq!(take_where(&ledger, run(5_001, 1), later, &lists).await.unwrap_err(), NoUniqueId::NoSlot);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_somebodys() {
    let (_registry, ledger) = settled().await;
    for (slot, text) in [(40, "{"), (41, r#"{"holder":7}"#)] {
        write(&ledger, slot, text).await;
    }
    let endless = SlotRecord { holder: run(1, 1), until: u64::MAX, free: true };
    write(&ledger, 42, serde_json::to_vec(&endless).unwrap()).await;
    let held = take(&ledger, run(40, 1), NOW).await.unwrap();
    assert_eq!(held.slot, 43);
    write(&ledger, 43, "{").await;
    assert!(!extend(&ledger, run(40, 1), held, NOW + 1_000).await);
    // Nor is a beginning that cannot be read taken for one that is over.
    ledger.session.put(SlotKey::Begin.of("c"), "?".into(), None).await.unwrap();
    assert_eq!(take(&ledger, run(9, 1), NOW).await.unwrap().from, NOW + FORGOTTEN);
}

#[tokio::test(start_paused = true)]
async fn a_beginning_of_a_clock_that_was_wrong_does_not_last() {
    let (_registry, ledger) = settled().await;
    // A year; the end of all ids, and behind it.
    for (node, from) in [(1, NOW + 365 * 24 * 3_600_000), (2, crate::id::UniqueId::END), (3, u64::MAX)] {
        let begin = serde_json::to_vec(&BeginRecord { from }).unwrap();
        ledger.session.put(SlotKey::Begin.of("c"), begin.into(), None).await.unwrap();
        assert_eq!(take(&ledger, run(node, 1), NOW).await.unwrap().from, NOW + FORGOTTEN);
        assert_eq!(take(&ledger, run(node + 10, 1), NOW).await.unwrap().from, NOW + FORGOTTEN, "it is written anew");
    }
    // That of a clock which is right enough is heeded.
    let from = NOW + FORGOTTEN + AGREE;
    let begin = serde_json::to_vec(&BeginRecord { from }).unwrap();
    ledger.session.put(SlotKey::Begin.of("c"), begin.into(), None).await.unwrap();
    assert_eq!(take(&ledger, run(4, 1), NOW).await.unwrap().from, from);
}

#[tokio::test(start_paused = true)]
async fn what_is_given_back_to_a_registry_that_forgot_it_is_free_from_the_first_time_that_is_not_used() {
    let (_registry, ledger) = settled().await;
    let held = take(&ledger, run(SAME[0], 1), NOW).await.unwrap();
    // From a backup; or wiped.
    let old = SlotRecord { holder: run(SAME[0], 1), until: NOW - 60_000, free: false };
    write(&ledger, held.slot, serde_json::to_vec(&old).unwrap()).await;
    let wiped = self::ledger(&InProcess::default()).await;
    for ledger in [ledger, wiped] {
        ledger.give_back(run(SAME[0], 1), held.slot, NOW + 7_000, NOW + 5_000).await.unwrap();
        let entries = ledger.session.list(SlotKey::Slot(held.slot).of("c")).await.unwrap().entries;
        let free: SlotRecord = serde_json::from_slice(&entries[0].value).unwrap();
        assert_eq!(free, SlotRecord { holder: run(SAME[0], 1), until: NOW + 7_000, free: true });
        // It may have lost what others had.
        let newcomer = take(&ledger, run(SAME[1], 1), NOW + 5_000).await.unwrap();
        assert_eq!((newcomer.slot, newcomer.from), (held.slot, NOW + 5_000 + FORGOTTEN));
    }
}

#[tokio::test(start_paused = true)]
async fn who_finds_its_slot_with_another_whom_an_old_registry_knows_says_that_it_forgot() {
    for free in [false, true] {
        let (_registry, ledger) = settled().await;
        let held = take(&ledger, run(SAME[0], 1), NOW).await.unwrap();
        let old = SlotRecord { holder: run(SAME[1], 1), until: NOW - 60_000, free };
        write(&ledger, held.slot, serde_json::to_vec(&old).unwrap()).await;
        assert!(!extend(&ledger, run(SAME[0], 1), held, NOW + 5_000).await);
        // Others may have lost theirs as well.
        assert_eq!(take(&ledger, run(7, 1), NOW + 5_000).await.unwrap().from, NOW + 5_000 + FORGOTTEN);
        let entries = ledger.session.list(SlotKey::Slot(held.slot).of("c")).await.unwrap().entries;
        let now: SlotRecord = serde_json::from_slice(&entries[0].value).unwrap();
        let until = if free { held.until } else { old.until };
        assert_eq!(now, SlotRecord { until, ..old }, "what nobody has begins where its time ends");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_dies_again_and_again_reserves_no_further_ahead_than_newcomers_of_a_wiped_registry_begin() {
    let (_registry, ledger) = settled().await;
    let mut most = 0;
    for attempt in 0..100 {
        let now = NOW + attempt * 100;
        most = most.max(take(&ledger, run(40, attempt), now).await.unwrap().until - now);
    }
    assert!(most > AHEAD && most + AGREE <= FORGOTTEN, "{most} ms ahead");
}
