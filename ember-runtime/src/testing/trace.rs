//! What happened in a run, for comparing it with another.

use std::{
    cell::Cell,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::sync::lock;

/// Events that are kept one by one; those after them only count in the digest.
const KEPT: usize = 100_000;
/// Events that are shown when a run ends badly.
const TAIL: usize = 40;

/// What happened in a simulation: the same in two runs of one seed, so compare whole traces.
///
/// What it stands for is each event, and each packet: its moment in virtual time, its connection and direction, and its place
/// among all events and packets. Not its length or content: hyper writes the time of the real clock into the `date` header of
/// each HTTP/2 response, which HPACK codes in more or fewer bytes. For the same reason a connection's reads in one moment
/// count as one: how many there are depends on where the bytes meet the end of a buffer.
///
/// Two things can still part two runs, and are not in the hands of a simulation: tokio's own `watch` and unbiased `select!` in
/// the code under test (build with `--cfg tokio_unstable`, and turmoil seeds those too), and h2, which forgets streams that
/// were reset after 1 s of real time.
#[derive(Clone, PartialEq, Eq)]
pub struct Trace {
    events: Vec<TraceEvent>,
    packets: u64,
    digest: u64,
}

/// One thing that happened: a connection, a fault, a node's start or end, or what the test noted.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceEvent {
    /// In virtual time, since the simulation began.
    pub at: Duration,
    /// What, in words.
    pub what: String,
}

impl Trace {
    /// Connections, faults, starts and ends, and what the test noted, in order; the first 100,000.
    pub fn events(&self) -> &[TraceEvent] {
        &self.events
    }

    /// How many packets were written and read, by all hosts; what a connection reads in one moment counts once.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// A number that stands for all of it: every event and packet, in order.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Where two runs part, for messages: the first event that differs, and its place.
    pub fn difference(&self, other: &Self) -> Option<(usize, Option<&TraceEvent>)> {
        if self == other {
            return None;
        }
        let same = self.events.iter().zip(&other.events).take_while(|(mine, theirs)| mine == theirs).count();
        Some((same, self.events.get(same)))
    }
}

impl Trace {
    /// The last events, for messages.
    pub(super) fn tail(&self) -> String {
        let first = self.events.len().saturating_sub(TAIL);
        self.events.iter().skip(first).map(|event| format!("{event:?}\n")).collect()
    }
}

impl fmt::Debug for TraceEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10.3} {}", self.at.as_secs_f64(), self.what)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} packets, digest {:016x}", self.packets, self.digest())?;
        self.events.iter().try_for_each(|event| writeln!(f, "{event:?}"))
    }
}

/// Writes a [`Trace`].
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    trace: Arc<Mutex<Trace>>,
    connections: Arc<AtomicU64>,
}

impl Recorder {
    pub(super) fn new() -> Self {
        let trace = Trace { events: Vec::new(), packets: 0, digest: 0xcbf2_9ce4_8422_2325 };
        Self { trace: Arc::new(Mutex::new(trace)), connections: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Trace> {
        lock(&self.trace)
    }

    /// A number for one end of a new connection.
    pub(super) fn number(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn event(&self, at: Duration, what: String) {
        let mut trace = self.lock();
        trace.mix(at.as_nanos() as u64);
        for byte in what.bytes() {
            trace.mix(u64::from(byte));
        }
        if trace.events.len() < KEPT {
            trace.events.push(TraceEvent { at, what });
        }
    }

    /// A packet of a connection. Its length does not count: HTTP's `date` header is the wall clock's.
    pub(super) fn packet(&self, at: Duration, connection: u64, read: bool) {
        let mut trace = self.lock();
        trace.packets += 1;
        trace.mix(at.as_nanos() as u64);
        trace.mix(connection << 1 | u64::from(read));
    }

    pub(super) fn so_far(&self) -> Trace {
        self.lock().clone()
    }
}

impl Trace {
    fn mix(&mut self, value: u64) {
        self.digest = (self.digest ^ value).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
}

/// The virtual time, on whichever host this runs.
pub(super) fn now() -> Duration {
    match HERE.get() {
        Some((began, since)) => {
            began + since.map(|since| Instant::now().saturating_duration_since(since)).unwrap_or_default()
        }
        None => turmoil::sim_elapsed().unwrap_or_default(),
    }
}

thread_local! {
    static HERE: Cell<Option<(Duration, Option<Instant>)>> = const { Cell::new(None) };
}

/// For as long as it lives the process of a host runs, which knows nothing of turmoil.
#[derive(Debug)]
pub(super) struct Here(Option<(Duration, Option<Instant>)>);

impl Here {
    /// It is `now`, and later as the process's clock goes on from `since`, if it does.
    pub(super) fn at(now: Duration, since: Option<Instant>) -> Self {
        Self(HERE.replace(Some((now, since))))
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        HERE.set(self.0);
    }
}
