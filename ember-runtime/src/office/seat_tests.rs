//! What a seat says to handlers and callers, and the fence that is made of it.

use std::{sync::Arc, time::Duration};

use tokio::time::advance;

use super::{BootClock, Fence, OfficeSeat, Role, Tenure, Term};
use crate::{
    error::{Error, LostReason, RefusedReason},
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
};

const TTL: Duration = Duration::from_secs(5);

fn pid(node: u64) -> Pid {
    Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 }
}

/// A node with a lease, and a seat of an instance there.
fn seat() -> (Arc<Tenure>, Term, OfficeSeat) {
    let tenure = Arc::new(Tenure::new(BootClock::new(false)));
    tenure.begin(1, tenure.sends(), TTL);
    let (term, _) = tenure.present().unwrap();
    (Arc::clone(&tenure), term, OfficeSeat::new(tenure))
}

/// The refusal of one that knows this of the master.
fn refused(epoch: u64, master: Option<Pid>) -> Result<Epoch, RefusedReason> {
    Err(RefusedReason::NotMaster { epoch, master })
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_act_names_the_master_of_the_highest_epoch_that_it_knows() {
    let (_, term, seat) = seat();
    assert_eq!(seat.start(None), refused(0, None));
    seat.learn(Epoch(5), Some(pid(2)));
    assert_eq!(seat.start(None), refused(5, Some(pid(2))));
    seat.learn(Epoch(4), Some(pid(3)));
    assert_eq!(seat.start(None), refused(5, Some(pid(2))), "that was before");
    seat.elect(Epoch(3), term, pid(1));
    assert_eq!(seat.start(None), refused(5, Some(pid(2))), "another has been elected since");
    seat.learn(Epoch(5), None);
    assert_eq!(seat.start(None), refused(5, None), "it has left");
    seat.learn(Epoch(6), Some(pid(3)));
    assert_eq!(seat.start(Some(Epoch(6))), refused(6, Some(pid(3))));
}

#[tokio::test(start_paused = true)]
async fn handlers_start_in_the_epoch_in_which_it_acts_and_in_no_other() {
    let (_, term, seat) = seat();
    seat.elect(Epoch(5), term, pid(1));
    assert_eq!((seat.acting(), seat.enter(Epoch(4)), seat.acting()), (None, false, None));
    assert!(seat.enter(Epoch(5)));
    assert_eq!((seat.start(None), seat.start(Some(Epoch(5)))), (Ok(Epoch(5)), Ok(Epoch(5))));
    for asked in [4, 6] {
        assert_eq!(seat.start(Some(Epoch(asked))), refused(5, Some(pid(1))));
    }
    assert_eq!(seat.release(Epoch(5)), Ok(()));
    assert_eq!(seat.release(Epoch(4)), Err(LostReason::Deposed { epoch: 4 }));
    assert_eq!((seat.leave(), seat.leave()), (Some(Epoch(5)), None));
    assert_eq!((seat.acting(), seat.role()), (None, Role::Slave));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_left_its_office_does_not_name_itself_and_whoever_is_about_to_begin_does() {
    let (_, term, seat) = seat();
    seat.elect(Epoch(5), term, pid(1));
    assert_eq!(seat.start(None), refused(5, Some(pid(1))), "what is asked of it now waits behind its beginning");
    assert!(seat.enter(Epoch(5)));
    seat.leave();
    assert_eq!(seat.start(None), refused(5, None));
    // The registry has it there until the office is made free.
    seat.learn(Epoch(5), Some(pid(1)));
    assert_eq!(seat.start(None), refused(5, None));
    seat.learn(Epoch(6), Some(pid(2)));
    assert_eq!(seat.start(None), refused(6, Some(pid(2))));
    seat.elect(Epoch(7), term, pid(1));
    assert_eq!((seat.enter(Epoch(7)), seat.start(None)), (true, Ok(Epoch(7))), "again");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_no_time_left_does_not_act_and_names_nobody() {
    let (tenure, term, seat) = seat();
    seat.elect(Epoch(5), term, pid(1));
    assert!(seat.enter(Epoch(5)));
    advance(TTL).await;
    assert_eq!((seat.acting(), seat.role(), seat.start(None)), (None, Role::Slave, refused(5, None)));
    // It was renewed in time, and the answer came late.
    tenure.extend(1, tenure.sends(), TTL);
    assert_eq!((seat.acting(), seat.role()), (Some(Epoch(5)), Role::Master));
    // An office is held by one lease, and no later one.
    tenure.begin(2, tenure.sends(), TTL);
    assert_eq!((seat.acting(), seat.start(None)), (None, refused(5, None)));
}

#[tokio::test(start_paused = true)]
async fn a_fence_is_the_epoch_and_holds_as_long_as_the_office() {
    let (tenure, term, seat) = seat();
    seat.elect(Epoch(7), term, pid(1));
    assert!(seat.enter(Epoch(7)));
    let fence = Fence { epoch: Epoch(7), seat: Arc::new(seat) };
    assert_eq!((fence.epoch(), fence.number()), (Epoch(7), 7));
    assert!(fence.check().is_ok() && fence.release().is_ok());
    tenure.end();
    assert_eq!(fence.check().unwrap_err().to_string(), Error::NotMaster { epoch: Epoch(7) }.to_string());
    assert_eq!(fence.release(), Err(LostReason::Deposed { epoch: 7 }));
}

#[tokio::test(start_paused = true)]
async fn whose_group_has_promised_acts_on_as_long_as_that_holds_but_by_no_other_lease() {
    let (tenure, term, seat) = seat();
    seat.elect(Epoch(5), term, pid(1));
    assert!(seat.enter(Epoch(5)));
    advance(TTL).await;
    assert!(!seat.holds(term) && tenure.ends_within(term, Duration::ZERO));
    let sent = tenure.sends();
    seat.goes_on_by(Epoch(4), sent, TTL);
    assert_eq!(seat.acting(), None, "of another office");
    seat.goes_on_by(Epoch(5), sent, TTL);
    assert_eq!((seat.acting(), seat.start(None), seat.release(Epoch(5))), (Some(Epoch(5)), Ok(Epoch(5)), Ok(())));
    // It ends a second before that of who has given it.
    advance(TTL - Duration::from_millis(1_001)).await;
    assert!(seat.holds(term) && seat.acting() == Some(Epoch(5)));
    advance(Duration::from_millis(1)).await;
    assert!(!seat.holds(term) && seat.acting().is_none());
    for ends in [OfficeSeat::forgets_promises, |seat: &OfficeSeat| _ = seat.leave()] {
        seat.goes_on_by(Epoch(5), tenure.sends(), TTL);
        assert!(seat.holds(term));
        ends(&seat);
        assert!(!seat.holds(term));
    }
    seat.elect(Epoch(6), term, pid(1));
    seat.goes_on_by(Epoch(6), tenure.sends(), TTL);
    assert!(seat.enter(Epoch(6)) && seat.holds(term));
    // The registry has said that its lease is over.
    tenure.end();
    assert!(!seat.holds(term) && seat.acting().is_none());
}
