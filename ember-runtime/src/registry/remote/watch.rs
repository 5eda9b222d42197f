//! Watches: confirmed before they are handed out, and never silent about lost data.

use std::time::Duration;

use futures_util::stream;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    classify, list,
    outcome::{Failure, Outcome},
    wire::{Change, Told, Watching, Wire},
};
use crate::{
    planted::{Bug, planted},
    registry::{
        RegistryError, SharedEvent,
        api::{Result, Watch, WatchItem},
    },
};

/// How often a quiet watch asks for the revision. It shows lost data early. It also keeps the connection: etcd hangs up
/// on a client that sends more than two HTTP/2 pings within 5 s while no answers flow (`--grpc-keepalive-min-time`).
const ASK: Duration = Duration::from_millis(900);

pub(super) async fn start(wire: &dyn Wire, prefix: &str, from: i64) -> Outcome<Watch> {
    // For etcd, 0 means "from now on".
    let from = if planted(Bug::WatchFromNow) { 0 } else { from.max(1) };
    let mut watching = wire.watch(list::range(prefix), from).await?;
    let confirmation = loop {
        match watching.receive().await? {
            Some(told) if told.created || told.canceled.is_some() => break told,
            Some(_) => {}
            None => return Err(closed().into()),
        }
    };
    if let Some(reason) = confirmation.canceled.as_ref().filter(|_| confirmation.compacted == 0) {
        return Err(classify::canceled(reason).into());
    }
    let revision = confirmation.revision;
    if revision < from - 1 {
        // Either data was lost, or this member lags behind: a read that needs the whole cluster tells.
        let current = wire.revision(list::range(prefix).0).await?;
        if current < from - 1 {
            return Err(RegistryError::FutureRevision { wanted: from, current }.into());
        }
    }
    let mut ask = interval(ASK);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let first = confirmation.canceled.is_some().then_some(confirmation);
    let running = Running { watching, ask, first, seen: Seen::at(revision), ended: false };
    Ok(Box::pin(stream::unfold(running, |mut running| async move {
        if running.ended {
            return None;
        }
        let item = running.next().await;
        running.ended = !matches!(item, Ok(WatchItem::Events { .. }));
        Some((item, running))
    })))
}

struct Running {
    watching: Box<dyn Watching>,
    ask: Interval,
    first: Option<Told>,
    seen: Seen,
    ended: bool,
}

impl Running {
    async fn next(&mut self) -> Result<WatchItem> {
        loop {
            let told = match self.first.take() {
                Some(told) => told,
                None => self.receive().await?,
            };
            let revision = told.revision;
            if told.compacted > 0 {
                return Ok(WatchItem::Compacted { revision: told.compacted });
            }
            if let Some(reason) = told.canceled {
                return Err(classify::canceled(&reason));
            }
            self.seen.advance(revision, told.changes.is_empty())?;
            let events: Vec<_> = told.changes.into_iter().filter_map(Change::known).map(SharedEvent::from).collect();
            // A bare revision is kept back: before 3.4.25 and 3.5.8 it could overtake events that it covers.
            if !events.is_empty() {
                return Ok(WatchItem::Events { revision, events });
            }
        }
    }

    async fn receive(&mut self) -> Result<Told> {
        let unleased = |failure: Failure| failure.known(None);
        loop {
            tokio::select! {
                biased;
                told = self.watching.receive() => return told.map_err(unleased)?.ok_or_else(closed),
                _ = self.ask.tick() => {}
            }
            self.watching.ask().await.map_err(unleased)?;
        }
    }
}

/// The revisions that a watch was told of.
struct Seen {
    events: i64,
    any: i64,
    /// The last bare revision was older than one before it.
    behind: bool,
}

impl Seen {
    fn at(revision: i64) -> Self {
        Self { events: revision, any: revision, behind: false }
    }

    /// # Errors
    /// If the store's revision went back, which only lost data explains. One bare revision that is older says nothing: etcd
    /// may have read it before it sent an event, and sent it after.
    fn advance(&mut self, revision: i64, bare: bool) -> Result<()> {
        let last = if bare { self.any } else { self.events };
        let behind = revision < last;
        if behind && (!bare || self.behind) {
            return Err(RegistryError::FutureRevision { wanted: last + 1, current: revision });
        }
        self.behind = behind;
        self.any = self.any.max(revision);
        if !bare {
            self.events = revision;
        }
        Ok(())
    }
}

fn closed() -> RegistryError {
    RegistryError::Unavailable("the registry closed the watch".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_that_goes_back_is_lost_data() {
        let mut seen = Seen::at(5);
        seen.advance(7, false).unwrap();
        assert!(matches!(seen.advance(6, false), Err(RegistryError::FutureRevision { wanted: 8, current: 6 })));
        seen.advance(6, true).unwrap();
        assert!(seen.advance(6, true).is_err(), "twice is not by chance");
    }

    #[test]
    fn a_bare_revision_that_is_late_once_says_nothing() {
        let mut seen = Seen::at(5);
        seen.advance(7, false).unwrap();
        seen.advance(6, true).unwrap();
        seen.advance(7, true).unwrap();
        seen.advance(6, true).unwrap();
    }

    #[test]
    fn an_event_may_come_after_a_bare_revision_that_covers_it() {
        let mut seen = Seen::at(5);
        seen.advance(9, true).unwrap();
        seen.advance(8, false).unwrap();
        seen.advance(8, true).unwrap();
        assert!(seen.advance(8, true).is_err());
    }
}
