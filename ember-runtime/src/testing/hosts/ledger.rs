//! Calls as both of their ends have them: how each ended for its caller, and how often its handler began.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use super::process::Endless;
use crate::{
    hooks::{Acts, Band, CallEnd, CallHooks, Denied, HandlerEnd, HandlerHooks, IncomingCall, OutgoingCall},
    id::{Epoch, Pid},
    message::MethodRef,
    sync::lock,
    testing::{network::Kernel, trace::now},
};

/// Carries the number of a call from its caller to its handler.
const HEADER: &str = "ember-testing-call";

/// So many calls of one host in one moment are a loop that never waits.
const MOST_AT_ONCE: u64 = 20_000;

/// The calls of a simulation. It outlives the nodes. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(in crate::testing) struct Ledger(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    counting: bool,
    repeatable: BTreeSet<(String, String)>,
    calls: Vec<Entry>,
    /// The last moment in which each host made calls, and how many.
    made: BTreeMap<String, (Duration, u64)>,
    /// Handlers that have begun, by host.
    begun: BTreeMap<String, u64>,
    /// Hosts that fall silent when the next handler begins.
    armed: BTreeSet<String>,
    /// How many nodes have been started.
    lives: usize,
    /// How much has happened: what has the higher number came later.
    places: usize,
}

/// One call.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Entry {
    /// The host of its caller, and when it was made.
    pub(in crate::testing) from: String,
    pub(in crate::testing) at: Duration,
    /// Which start of a node that host's was, among those of all hosts.
    pub(in crate::testing) life: usize,
    /// The service and the method, for people.
    pub(in crate::testing) what: String,
    /// With one it may be answered by the reply of another, whose handler has begun.
    pub(in crate::testing) id: Option<u64>,
    /// The service's name and the method's, where a handler has begun.
    pub(in crate::testing) callee: Option<(String, String)>,
    /// The handlers that have begun.
    pub(in crate::testing) begun: Vec<Begun>,
    /// The last of them, if it acted for a group.
    pub(in crate::testing) acted: Option<Acted>,
    pub(in crate::testing) end: End,
    /// When it ended, as a place among all that happened.
    pub(in crate::testing) place: usize,
}

/// A handler that has begun: where, and that of which service.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Begun {
    pub(in crate::testing) host: String,
    pub(in crate::testing) by: Pid,
    /// The epoch of its master, if a later one knows what became of the call: what has not been committed by then never is, and that one, which may be
    /// the same instance, may begin the call again, if it has an id.
    pub(in crate::testing) known: Option<Epoch>,
}

/// A handler that acted for a group.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Acted {
    pub(in crate::testing) acts: Acts,
    pub(in crate::testing) by: Pid,
    /// When it began and ended, as places among all that happened; 0 if it has not ended.
    pub(in crate::testing) began: usize,
    pub(in crate::testing) ended: usize,
}

/// What its caller was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing) enum End {
    /// Nothing: the caller did not wait, or is gone.
    Untold,
    Done,
    NotExecuted(String),
    MaybeExecuted(String),
}

impl Ledger {
    /// From now on each call is written down.
    pub(in crate::testing) fn count(&self) {
        lock(&self.0).counting = true;
    }

    /// Whether they are.
    pub(in crate::testing) fn counts(&self) -> bool {
        lock(&self.0).counting
    }

    /// The calls, in the order in which they were made.
    pub(in crate::testing) fn calls(&self) -> Vec<Entry> {
        lock(&self.0).calls.clone()
    }

    /// Methods that may be run more often than they are called, by the names of service and method.
    pub(in crate::testing) fn repeatable(&self) -> BTreeSet<(String, String)> {
        lock(&self.0).repeatable.clone()
    }

    pub(in crate::testing) fn note_repeatable(&self, methods: impl Iterator<Item = (String, MethodRef)>) {
        lock(&self.0).repeatable.extend(methods.map(|(service, method)| (service, method.name)));
    }

    /// How many handlers have begun on these hosts; on any, if none is named.
    pub(in crate::testing) fn begun(&self, hosts: &[&str]) -> u64 {
        let book = lock(&self.0);
        let among = |host: &String| hosts.is_empty() || hosts.contains(&&**host);
        book.begun.iter().filter(|(host, _)| among(host)).map(|(_, count)| count).sum()
    }

    /// Whether the host says nothing more from the moment when its next handler begins.
    pub(in crate::testing) fn arm(&self, host: &str, armed: bool) {
        let all = &mut lock(&self.0).armed;
        if armed {
            all.insert(host.into())
        } else {
            all.remove(host)
        };
    }

    /// The hooks of a host's node.
    pub(super) fn hooks(&self, host: &str, kernel: &Kernel, endless: &Endless) -> (Leaving, Beginning) {
        let life = {
            let mut book = lock(&self.0);
            book.lives += 1;
            book.lives
        };
        let leaving = Leaving { ledger: self.clone(), host: host.into(), life, endless: endless.clone() };
        (leaving, Beginning { ledger: self.clone(), host: host.into(), kernel: kernel.clone() })
    }

    /// Something happens: its place.
    fn place(&self) -> usize {
        let mut book = lock(&self.0);
        book.places += 1;
        book.places
    }

    fn entry(&self, number: Option<&str>, write: impl FnOnce(&mut Entry)) {
        let Some(number) = number.and_then(|it| it.parse::<usize>().ok()) else { return };
        if let Some(entry) = lock(&self.0).calls.get_mut(number) {
            write(entry);
        }
    }
}

/// At the callers of a host.
pub(super) struct Leaving {
    ledger: Ledger,
    host: String,
    life: usize,
    endless: Endless,
}

impl CallHooks for Leaving {
    fn before(&self, call: &mut OutgoingCall<'_>) -> Result<(), Denied> {
        let what = format!("`{}` of {}", call.method(), call.to());
        let mut book = lock(&self.ledger.0);
        call.set_header(HEADER, book.calls.len().to_string());
        let at = now();
        let (moment, made) = book.made.entry(self.host.clone()).or_default();
        *made = if *moment == at { *made + 1 } else { 1 };
        *moment = at;
        if *made == MOST_AT_ONCE {
            let host = &self.host;
            self.endless.say(|| {
                format!(
                    "{host} has made {MOST_AT_ONCE} calls at {at:?} of virtual time, the last of {what}: a loop that calls again must wait \
                     in between, since no time passes while code runs. `tokio::time::sleep` does"
                )
            });
        }
        let (from, life, begun, id) = (self.host.clone(), self.life, Vec::new(), call.carries.id());
        let end = End::Untold;
        book.calls.push(Entry { from, at, life, what, id, callee: None, begun, acted: None, end, place: 0 });
        Ok(())
    }

    fn after(&self, call: &OutgoingCall<'_>, end: &CallEnd<'_>, _: Option<Duration>) {
        let end = match end {
            CallEnd::Value | CallEnd::AppError => End::Done,
            CallEnd::NotExecuted(refused) => End::NotExecuted(refused.reason().to_string()),
            CallEnd::MaybeExecuted(lost) => End::MaybeExecuted(lost.reason().to_string()),
            CallEnd::Sent | CallEnd::Dropped => End::Untold,
        };
        let place = self.ledger.place();
        self.ledger.entry(call.header(HEADER), |entry| (entry.end, entry.place) = (end, place));
    }

    fn band(&self) -> Band {
        Band::Inner
    }
}

/// At the handlers of a host.
pub(super) struct Beginning {
    ledger: Ledger,
    host: String,
    kernel: Kernel,
}

impl HandlerHooks for Beginning {
    fn before(&self, call: &IncomingCall<'_>) -> Result<(), Denied> {
        let mut book = lock(&self.ledger.0);
        *book.begun.entry(self.host.clone()).or_default() += 1;
        if book.armed.remove(&self.host) {
            self.kernel.silence();
        }
        drop(book);
        let began = self.ledger.place();
        let callee = || Some((call.service().to_owned(), call.method()));
        self.ledger.entry(call.header(HEADER), |entry| {
            entry.callee = callee();
            let known = call.acts.filter(|acts| acts.is_known).map(|acts| acts.epoch);
            entry.begun.push(Begun { host: self.host.clone(), by: call.pid(), known });
            entry.acted = call.acts.map(|acts| Acted { acts: acts.clone(), by: call.pid(), began, ended: 0 });
        });
        Ok(())
    }

    fn after(&self, call: &IncomingCall<'_>, end: &HandlerEnd<'_>, _: Option<Duration>) {
        let (place, refused) = (self.ledger.place(), matches!(end, HandlerEnd::NotExecuted(_)));
        self.ledger.entry(call.header(HEADER), |entry| {
            if refused {
                entry.begun.pop();
                entry.acted = None;
            } else if let Some(acted) = entry.acted.as_mut().filter(|acted| acted.by == call.pid()) {
                acted.ended = place;
            }
        });
    }

    fn band(&self) -> Band {
        Band::Inner
    }
}
