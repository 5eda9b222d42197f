//! What a workload must do now and then: wait.

use std::{future::poll_fn, pin::pin};

use crate::testing::{hosts::Endless, trace::now};

/// Polls of one workload in one moment of virtual time, after which it is a loop that never waits.
const MOST: u32 = 20_000;

/// Does the work. If it is polled again and again and no time passes, which would go on for ever, the simulation ends with the reason.
pub(super) async fn waiting_now_and_then<F: Future>(work: F, who: &str, endless: &Endless) -> F::Output {
    let (mut work, mut moment, mut polls) = (pin!(work), now(), 0);
    poll_fn(|task| {
        let at = now();
        polls = if at == moment { polls + 1 } else { 0 };
        moment = at;
        if polls > MOST {
            endless.say(|| {
                format!(
                    "the workload of {who} has been polled {MOST} times at {at:?} of virtual time: a loop in it does not wait, and no time \
                     passes while code runs. `user.turn()` waits, and so does `tokio::time::sleep`"
                )
            });
        }
        work.as_mut().poll(task)
    })
    .await
}
