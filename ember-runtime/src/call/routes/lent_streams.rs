//! The streams of this node that other nodes read.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    time::{Instant, sleep, timeout},
};

use crate::{
    id::NodeKey,
    message::{Ask, Items, Pull, StreamError},
    rng::Rng,
    sync::lock,
};

/// So many are kept at most.
const MOST: usize = 100_000;
/// One that was not asked for anything for so long is forgotten. A reader says that it is there three times as often.
const GRACE: Duration = Duration::from_secs(30);
/// Whoever asks is answered after this time, also if there is nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A node that shuts down waits so long for whoever was told of a stream and has not asked for anything.
const FIRST: Duration = Duration::from_secs(1);
/// And looks so often whether they have all been read: it happens once in its life.
const LOOK: Duration = Duration::from_millis(2);

/// The streams, by their numbers.
#[derive(Default)]
pub(crate) struct LentStreams {
    table: Mutex<Table>,
    /// How many wait for an answer.
    asking: AtomicUsize,
}

/// Somebody who waits for an answer.
pub(crate) struct Asking<'a>(&'a AtomicUsize);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[derive(Default)]
struct Table {
    streams: BTreeMap<u64, Lent>,
    /// Somebody looks after those that are not asked for.
    is_swept: bool,
    /// Nothing is added to any of them.
    is_closed: bool,
}

struct Lent {
    stream: Arc<dyn Pull>,
    /// Whoever has asked first.
    reader: Option<NodeKey>,
    asked: Instant,
}

impl Lent {
    /// Whether somebody reads it, or is about to.
    fn is_awaited(&self) -> bool {
        self.reader.is_some() || self.asked.elapsed() < FIRST
    }
}

/// Its node shuts down. One of a service has ended with that.
fn shut(stream: &Arc<dyn Pull>) {
    stream.end(StreamError::Lost("the node that it came through has shut down".into()));
}

impl LentStreams {
    /// Keeps one, and says what its number is.
    ///
    /// # Errors
    /// If there are too many.
    pub(crate) fn add(self: &Arc<Self>, stream: Arc<dyn Pull>, runtime: &Handle, rng: &Rng) -> Result<u64, String> {
        let mut table = lock(&self.table);
        if table.streams.len() >= MOST {
            return Err(format!("{MOST} streams of this node are read by other nodes already, and it keeps no more"));
        }
        // Nobody else can guess it.
        let mut number = rng.u64();
        while table.streams.contains_key(&number) {
            number = rng.u64();
        }
        let late = table.is_closed.then(|| Arc::clone(&stream));
        table.streams.insert(number, Lent { stream, reader: None, asked: Instant::now() });
        if !std::mem::replace(&mut table.is_swept, true) {
            runtime.spawn(sweep(Arc::downgrade(self)));
        }
        drop(table);
        late.iter().for_each(shut);
        Ok(number)
    }

    /// What a reader on the node `reader` asks for. `None` if there is no such stream for it.
    fn find(&self, reader: NodeKey, number: u64) -> Option<Arc<dyn Pull>> {
        let mut table = lock(&self.table);
        let lent = table.streams.get_mut(&number)?;
        if *lent.reader.get_or_insert(reader) != reader {
            return None;
        }
        lent.asked = Instant::now();
        Some(Arc::clone(&lent.stream))
    }

    /// What there is: waits until there is something, but not for long.
    pub(crate) async fn more(&self, reader: NodeKey, number: u64, ask: Ask) -> Items {
        let Some(stream) = self.find(reader, number) else { return Items::failed(StreamError::Forgotten) };
        let batch = timeout(PATIENCE, poll_fn(|task| stream.poll_batch(ask, task))).await.unwrap_or_default();
        if batch.end.is_some() {
            self.close(reader, number);
        }
        batch
    }

    /// Nobody on the node `reader` reads it any more.
    pub(crate) fn close(&self, reader: NodeKey, number: u64) {
        let mut table = lock(&self.table);
        let is_its = |lent: &Lent| lent.reader.is_none_or(|known| known == reader);
        let gone = if table.streams.get(&number).is_some_and(is_its) { table.streams.remove(&number) } else { None };
        drop(table);
        gone.iter().for_each(|lent| lent.stream.close());
    }

    /// Somebody waits for an answer of [`more`](Self::more), until what is returned is dropped.
    pub(crate) fn asked(&self) -> Asking<'_> {
        self.asking.fetch_add(1, Ordering::AcqRel);
        Asking(&self.asking)
    }

    /// How many do.
    pub(crate) fn asking(&self) -> usize {
        self.asking.load(Ordering::Acquire)
    }

    /// Nothing is added to any of them: waits until their readers have got what was sent. Cancel safe.
    pub(crate) async fn read_out(&self) {
        let all: Vec<_> = {
            let mut table = lock(&self.table);
            table.is_closed = true;
            table.streams.values().map(|lent| Arc::clone(&lent.stream)).collect()
        };
        all.iter().for_each(shut);
        while lock(&self.table).streams.values().any(Lent::is_awaited) {
            sleep(LOOK).await;
        }
    }

    /// How many somebody reads, or is about to.
    pub(crate) fn awaited(&self) -> usize {
        lock(&self.table).streams.values().filter(|lent| lent.is_awaited()).count()
    }

    /// How many there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        lock(&self.table).streams.len()
    }

    /// The link to a node has broken: its readers know.
    pub(crate) fn lost(&self, reader: NodeKey) {
        self.take(|_, lent| lent.reader == Some(reader));
    }

    /// Takes out those of which `which` says so, and closes them.
    fn take(&self, which: impl Fn(u64, &Lent) -> bool) {
        let mut table = lock(&self.table);
        let gone = table.streams.iter().filter(|(number, lent)| which(**number, lent)).map(|(number, _)| *number);
        let gone: Vec<u64> = gone.collect();
        let gone: Vec<Lent> = gone.iter().filter_map(|number| table.streams.remove(number)).collect();
        drop(table);
        gone.iter().for_each(|lent| lent.stream.close());
    }
}

/// Forgets those that were not asked for anything, until there are none.
async fn sweep(streams: Weak<LentStreams>) {
    loop {
        sleep(GRACE / 3).await;
        let Some(streams) = streams.upgrade() else { return };
        let now = Instant::now();
        streams.take(|_, lent| now.duration_since(lent.asked) > GRACE);
        let mut table = lock(&streams.table);
        if table.streams.is_empty() {
            table.is_swept = false;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        task::{Context, Poll},
    };

    use super::*;
    use crate::id::{Incarnation, NodeId};

    /// Has nothing; whether it was closed.
    #[derive(Default)]
    struct Silent(AtomicBool);

    impl Pull for Silent {
        fn poll_batch(&self, _: Ask, _: &mut Context<'_>) -> Poll<Items> {
            Poll::Pending
        }

        fn end(&self, _: StreamError) {}

        fn close(&self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    impl Silent {
        fn is_closed(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }

    const ASK: Ask = Ask { from: 0, used: 0, room: 1, bytes: 1 };

    fn reader(number: u16) -> NodeKey {
        NodeKey { id: NodeId(number.into()), incarnation: Incarnation(1) }
    }

    fn lent(streams: &Arc<LentStreams>) -> (u64, Arc<Silent>) {
        let stream = Arc::new(Silent::default());
        (streams.add(Arc::clone(&stream) as _, &Handle::current(), &Rng::from_entropy()).unwrap(), stream)
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_of_whoever_asks_first_and_is_forgotten_with_the_link() {
        let streams = Arc::default();
        let (number, stream) = lent(&streams);
        let (_, other) = lent(&streams);
        assert_eq!(streams.more(reader(1), number, ASK).await, Items::default(), "there is nothing yet");
        let forgotten = Items::failed(StreamError::Forgotten);
        assert_eq!(streams.more(reader(2), number, ASK).await, forgotten);
        streams.close(reader(2), number);
        streams.lost(reader(2));
        assert!(!stream.is_closed());
        streams.lost(reader(1));
        assert!(stream.is_closed() && !other.is_closed());
        assert_eq!(streams.more(reader(1), number, ASK).await, forgotten);
        assert_eq!(streams.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_asked_for_is_forgotten_and_what_is_asked_for_is_not() {
        let streams = Arc::default();
        let ((asked, kept), (_, left)) = (lent(&streams), lent(&streams));
        for _ in 0..10 {
            assert_eq!(streams.more(reader(1), asked, ASK).await, Items::default());
        }
        assert!(left.is_closed() && !kept.is_closed());
        // tidy: sleep: that nothing is asked for is what ends it.
        sleep(2 * GRACE).await;
        assert!(kept.is_closed() && streams.len() == 0);
        assert!(!lock(&streams.table).is_swept);
    }
}
