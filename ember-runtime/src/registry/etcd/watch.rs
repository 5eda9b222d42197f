//! Watches: confirmed before they are handed out, and never silent about lost data.

use std::time::Duration;

use etcd_client::{
    Client, Error, EventType, GetOptions, WatchOptions, WatchRequestSender, WatchResponse, WatchResponseStream,
};
use futures_util::stream;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    classify,
    list::{self, MAX_ANSWER},
};
use crate::registry::{
    Event, RegistryError, SharedEvent,
    api::{Result, Watch, WatchItem},
    etcd::outcome::Outcome,
};

/// How often a quiet watch asks for the revision. It shows lost data early. It also keeps the connection: etcd hangs up
/// on a client that sends more than two HTTP/2 pings within 5 s while no answers flow (`--grpc-keepalive-min-time`).
const ASK: Duration = Duration::from_millis(900);

pub(super) async fn start(client: Client, prefix: String, from: i64) -> Outcome<Watch> {
    // For etcd, 0 means "from now on".
    let from = from.max(1);
    let (key, end) = list::range(&prefix);
    let options = WatchOptions::new().with_range(end).with_start_revision(from);
    let mut watches = client.watch_client().max_decoding_message_size(MAX_ANSWER);
    let (requests, mut responses) = watches.watch(key, Some(options)).await?.split();
    let confirmation = loop {
        match responses.message().await? {
            Some(response) if response.created() || response.canceled() => break response,
            Some(_) => {}
            None => return Err(closed().into()),
        }
    };
    let revision = list::revision(confirmation.header())?;
    if confirmation.canceled() && confirmation.compact_revision() == 0 {
        return Err(classify::canceled(confirmation.cancel_reason()).into());
    }
    if revision < from - 1 {
        // Either data was lost, or this member lags behind: a read that needs the whole cluster tells.
        let read = GetOptions::new().with_count_only().with_limit(1);
        let current = list::revision(client.kv_client().get(list::range(&prefix).0, Some(read)).await?.header())?;
        if current < from - 1 {
            return Err(RegistryError::FutureRevision { wanted: from, current }.into());
        }
    }
    let mut ask = interval(ASK);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let first = confirmation.canceled().then_some(confirmation);
    let running = Running { requests, responses, ask, first, seen: Seen::at(revision), ended: false };
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
    requests: WatchRequestSender,
    responses: WatchResponseStream,
    ask: Interval,
    first: Option<WatchResponse>,
    seen: Seen,
    ended: bool,
}

impl Running {
    async fn next(&mut self) -> Result<WatchItem> {
        loop {
            let response = match self.first.take() {
                Some(response) => response,
                None => self.receive().await?,
            };
            let revision = list::revision(response.header())?;
            if response.compact_revision() > 0 {
                return Ok(WatchItem::Compacted { revision: response.compact_revision() });
            }
            if response.canceled() {
                return Err(classify::canceled(response.cancel_reason()));
            }
            self.seen.advance(revision, response.events().is_empty())?;
            let events: Vec<_> = response.events().iter().filter_map(event).map(SharedEvent::from).collect();
            // A bare revision is kept back: before 3.4.25 and 3.5.8 it could overtake events that it covers.
            if !events.is_empty() {
                return Ok(WatchItem::Events { revision, events });
            }
        }
    }

    async fn receive(&mut self) -> Result<WatchResponse> {
        loop {
            tokio::select! {
                biased;
                response = self.responses.message() => return match response {
                    Ok(Some(response)) => Ok(response),
                    Ok(None) => Err(closed()),
                    Err(error) => Err(classify::error(&error, None)),
                },
                _ = self.ask.tick() => {
                    self.requests.request_progress().await.map_err(|error: Error| classify::error(&error, None))?;
                }
            }
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

fn event(event: &etcd_client::Event) -> Option<Event> {
    let stored = event.kv()?.clone();
    let revision = stored.mod_revision();
    let entry = list::entry(stored)?;
    Some(match event.event_type() {
        EventType::Put => Event::Put(entry),
        EventType::Delete => Event::Delete { key: entry.key, revision },
    })
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
