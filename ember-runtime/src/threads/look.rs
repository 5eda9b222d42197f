//! Who looks: a thread of its own, which is started with the first service that is watched.

use std::{collections::HashMap, sync::Once, thread, time::Duration};

use tokio::time::Instant;

use super::{
    slots::{Seen, look_at_all},
    work::Work,
};
use crate::panics::caught;

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(25);
/// A step that takes so long blocks its thread.
const LONG: Duration = Duration::from_millis(100);
/// One work is spoken of once in this time.
const QUIET: Duration = Duration::from_secs(60);

/// Begins to look, unless somebody does.
pub(crate) fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        if let Err(error) = thread::Builder::new().name("ember-watch".into()).spawn(run) {
            tracing::warn!(target: "ember::node", %error, "no thread `ember-watch`: handlers that block their threads are not named");
        }
    });
}

fn run() {
    let mut watch = Watch::new(Instant::now());
    let mut seen = Vec::new();
    loop {
        // tidy: sleep: this thread does nothing but look now and then
        thread::sleep(LOOK);
        seen.clear();
        look_at_all(|it| seen.push(it));
        for (work, held) in watch.look(Instant::now(), &seen) {
            // Whoever writes the log is the user's, and what looks goes on.
            let _ = caught(&mut || warn(work, held));
        }
    }
}

fn warn(work: Work, held: Duration) {
    let Some((service, method)) = work.names() else { return };
    tracing::warn!(
        target: "ember::service", service, method, ?held,
        "a handler blocks its thread: give what computes or waits for so long to `tokio::task::spawn_blocking`, or `.await` its \
         asynchronous form. Said once a minute of each method"
    );
}

/// What was seen so far.
struct Watch {
    last: Instant,
    /// At each place, what was there, and since when.
    steps: Vec<(Seen, Instant)>,
    /// When each was spoken of.
    said: HashMap<u32, Instant>,
}

impl Watch {
    fn new(now: Instant) -> Self {
        Self { last: now, steps: Vec::new(), said: HashMap::new() }
    }

    /// What is to be spoken of now, and for how long it has gone on.
    fn look(&mut self, now: Instant, seen: &[Seen]) -> Vec<(Work, Duration)> {
        // Or this process itself stood still, or the machine has more to do than it can: nobody's handler is to blame.
        let stood_still = now.duration_since(self.last) > LONG / 2;
        self.last = now;
        if stood_still {
            self.steps.clear();
        }
        let mut long = Vec::new();
        for (place, &it) in seen.iter().enumerate() {
            let Some((was, since)) = self.steps.get_mut(place) else {
                self.steps.push((it, now));
                continue;
            };
            if *was != it {
                (*was, *since) = (it, now);
                continue;
            }
            let held = now.duration_since(*since);
            let Some(work) = it.work().filter(|_| held >= LONG) else { continue };
            let said = self.said.get(&work.number).is_some_and(|said| now.duration_since(*said) < QUIET);
            if !said {
                self.said.insert(work.number, now);
                long.push((work, held));
            }
        }
        long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: u64 = 1 << 24;

    /// When work 7 is spoken of, looked at every 25 ms, for which `at` says what the thread is at then.
    fn said(looks: u32, at: impl Fn(u32) -> u64) -> Vec<u32> {
        let begin = Instant::now();
        let mut watch = Watch::new(begin);
        let mut said = Vec::new();
        for look in 1..=looks {
            let long = watch.look(begin + LOOK * look, &[Seen::of(0), Seen::of(at(look))]);
            said.extend(long.iter().map(|(work, _)| (look, *work)));
        }
        assert!(said.iter().all(|(_, work)| *work == Work::numbered(7)));
        said.into_iter().map(|(look, _)| look).collect()
    }

    #[test]
    fn a_step_that_stays_is_spoken_of_once_a_minute() {
        assert_eq!(said(3 * 2400, |_| STEP + 7), [5, 2405, 4805]);
        assert_eq!(
            said(2000, |look| u64::from(look / 5) * STEP + 7),
            [9],
            "steps of 125 ms, of which the first was not seen begin"
        );
    }

    #[test]
    fn short_steps_and_rest_are_not_spoken_of() {
        assert!(said(2000, |look| u64::from(look / 4) * STEP + 7).is_empty(), "steps of 100 ms, of which 75 are seen");
        assert!(said(2000, |_| STEP).is_empty(), "no step is taken");
    }

    #[test]
    fn a_process_that_stood_still_blames_nobody() {
        let begin = Instant::now();
        let mut watch = Watch::new(begin);
        for second in 1..100 {
            assert!(watch.look(begin + Duration::from_secs(second), &[Seen::of(STEP + 7)]).is_empty());
        }
    }
}
