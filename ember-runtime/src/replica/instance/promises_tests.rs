//! What a member promises its master, and when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Place,
    tests::{follows, pid},
};
use crate::{
    id::Epoch,
    office::{BootClock, OfficeSeat, Shown, Tenure},
    replica::Member,
};

#[tokio::test(start_paused = true)]
async fn who_does_not_hear_the_registry_promises_its_master_to_take_no_office_for_a_while() {
    const LEASE: Duration = Duration::from_secs(10);
    let (replica, away) = (follows(), Arc::new(AtomicUsize::new(0)));
    let is_away = Arc::clone(&away);
    replica.stands_at(Place {
        seat: Arc::new(OfficeSeat::new(Arc::new(Tenure::for_ever(BootClock::new(false))))),
        shown: Arc::new(Shown::default()),
        is_cut_off: Box::new(move || is_away.load(Ordering::Relaxed) > 0),
        asks: Box::new(|| {}),
    });
    let (begun, master, me) = (Instant::now(), Member::first(pid(2)), Some(Member::first(pid(1))));
    let promises = |master, epoch| replica.promises((master, Epoch(epoch)), LEASE, Instant::now());
    away.store(1, Ordering::Relaxed);
    assert_eq!(promises(master, 1), None, "how long masters may act is not known yet");
    replica.lasts(LEASE);
    away.store(0, Ordering::Relaxed);
    assert_eq!((promises(master, 1), replica.promised()), (None, None), "the registry says who is the master");
    away.store(1, Ordering::Relaxed);
    assert_eq!((promises(Member::first(pid(3)), 1), promises(master, 0)), (None, None), "it follows another");
    for lasts in [LEASE + Duration::from_millis(1), Duration::from_secs(u64::MAX)] {
        assert_eq!(replica.promises((master, Epoch(1)), lasts, begun), None, "longer than masters may act");
    }
    // It bids: who is elected is not known.
    assert!(replica.bids(begun));
    assert_eq!(promises(master, 1), None);
    replica.bid_is_over();
    assert_eq!((promises(master, 1), replica.promised()), (me, Some(begun + LEASE)));
    let mut asked = Instant::now();
    while !replica.bids(Instant::now()) {
        asked = Instant::now();
        tokio::time::advance(Duration::from_millis(500)).await;
    }
    assert_eq!(
        (asked + Duration::from_millis(500)).saturating_duration_since(begun),
        LEASE,
        "not before that has ended"
    );
}
