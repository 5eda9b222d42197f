//! What waits for one other node, and what it has been given: without a lock, and without I/O.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;

use super::{
    counts::Count,
    wire::{Batch, Item, MOST_STREAMS, StreamName, Taken},
};

/// So much waits for a node at most, but for one event that is larger by itself; what has no room is missed there.
pub(super) const MOST: Bounds = Bounds { items: 4096, bytes: 4 * 1024 * 1024 };

/// Of how many batches back it is remembered that mailboxes were full.
const FULL_REMEMBERED: usize = 1024;

#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) items: usize,
    pub(super) bytes: usize,
}

/// The events of one type and scope, as far as one other node wants them.
#[derive(Debug, Clone, Copy)]
struct Stream {
    generation: u64,
    /// The number of the last one.
    last: u64,
    /// The last one that the other node knows of.
    told: u64,
}

/// The type and whether it goes to the whole cluster.
pub(super) type StreamKey = (u64, bool);

#[derive(Debug)]
struct Waiting {
    stream: StreamKey,
    generation: u64,
    number: u64,
    service: Option<u64>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Bytes(Bytes),
    /// It is being written: what is behind it waits for that.
    Pending,
    /// There is nothing to send after all.
    Nothing,
}

impl Content {
    fn len(&self) -> usize {
        if let Self::Bytes(bytes) = self { bytes.len() } else { 0 }
    }
}

/// What all queues of a node have in common.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// How many streams this node has begun, for whatever node: so that one begun anew is never taken for one from before, also by a node that
    /// remembers it when this one does not.
    generations: AtomicU64,
    /// Events that another node misses, since they have not left this one.
    pub(super) dropped: Count,
}

/// A queue. Each item has a place in it, counted from 1.
#[derive(Debug)]
pub(super) struct Queue {
    bounds: Bounds,
    streams: BTreeMap<StreamKey, Stream>,
    shared: Arc<Shared>,
    waiting: VecDeque<Waiting>,
    /// Where the last event from before stands, or stood, of each stream that had one.
    held: BTreeMap<StreamKey, u64>,
    bytes: usize,
    /// The place of the last item.
    placed: u64,
    /// Of the last one that the other node has answered.
    settled: u64,
    /// The places that were thrown away: from the first to the last of each run of them.
    thrown: BTreeMap<u64, u64>,
    /// Streams that have missed what came last.
    cut: BTreeSet<StreamKey>,
    /// Answered items that not all have taken.
    full: BTreeMap<u64, u32>,
    /// Up to this place some of that is not remembered.
    forgotten: u64,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// It waits, at this place.
    At(u64),
    /// It has a number, and is missed.
    Dropped,
    /// Nobody wants it.
    Unwanted,
}

/// A batch that is on its way.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) batch: Batch,
    /// The place of its last item.
    to: u64,
    keys: Vec<StreamKey>,
}

impl Bounds {
    /// Whether there is room for so many bytes beside those that wait. What is larger than the bound goes where nothing waits.
    fn fit(self, waiting: usize, bytes: usize) -> bool {
        waiting == 0 || waiting.saturating_add(bytes) <= self.bytes
    }
}

impl Queue {
    pub(super) fn new(bounds: Bounds, shared: Arc<Shared>) -> Self {
        Self {
            bounds,
            streams: BTreeMap::new(),
            shared,
            waiting: VecDeque::new(),
            held: BTreeMap::new(),
            bytes: 0,
            placed: 0,
            settled: 0,
            thrown: BTreeMap::new(),
            cut: BTreeSet::new(),
            full: BTreeMap::new(),
            forgotten: 0,
        }
    }

    /// From now on exactly these are wanted.
    pub(super) fn want(&mut self, wanted: &BTreeSet<StreamKey>) {
        self.streams.retain(|key, _| wanted.contains(key));
        self.cut.retain(|key| wanted.contains(key));
        for key in wanted {
            let generation = || self.shared.generations.fetch_add(1, Ordering::Relaxed) + 1;
            self.streams.entry(*key).or_insert_with(|| Stream { generation: generation(), last: 0, told: 0 });
        }
    }

    pub(super) fn wants(&self, key: StreamKey) -> bool {
        self.streams.contains_key(&key)
    }

    /// Numbers an event, and queues it if there is room; `bytes` is nothing for one that cannot be sent.
    pub(super) fn put(&mut self, key: StreamKey, bytes: Option<&Bytes>, service: Option<u64>) -> Put {
        let Some(stream) = self.streams.get_mut(&key) else { return Put::Unwanted };
        stream.last += 1;
        let (generation, number) = (stream.generation, stream.last);
        let is_room = self.waiting.len() < self.bounds.items;
        let Some(bytes) = bytes.filter(|bytes| is_room && self.bounds.fit(self.bytes, bytes.len())) else {
            self.cut.insert(key);
            self.shared.dropped.add(1);
            return Put::Dropped;
        };
        let content = Content::Bytes(bytes.clone());
        self.push(Waiting { stream: key, generation, number, service, content })
    }

    /// So many events are missed that were never put.
    pub(super) fn skip(&mut self, key: StreamKey, count: u64) {
        let Some(stream) = self.streams.get_mut(&key).filter(|_| count > 0) else { return };
        stream.last += count;
        self.cut.insert(key);
    }

    /// Keeps a place for the last event from before, which has no number; nothing if there is no room. What waits of an earlier one does not go.
    pub(super) fn hold(&mut self, key: StreamKey) -> Option<u64> {
        let generation = self.streams.get(&key)?.generation;
        let earlier = self.held.remove(&key).and_then(|place| self.index_of(place));
        if let Some(earlier) = earlier.and_then(|index| self.waiting.get_mut(index)) {
            self.bytes -= earlier.content.len();
            earlier.content = Content::Nothing;
        }
        if self.waiting.len() >= self.bounds.items {
            return None;
        }
        let content = Content::Pending;
        self.push(Waiting { stream: key, generation, number: 0, service: None, content });
        self.held.insert(key, self.placed);
        Some(self.placed)
    }

    /// What stands at a place that was kept; nothing if it cannot be sent. Whether it is sent.
    pub(super) fn fill(&mut self, place: u64, bytes: Option<Bytes>) -> bool {
        let item = self.index_of(place).and_then(|index| self.waiting.get_mut(index));
        let Some(item) = item.filter(|it| matches!(it.content, Content::Pending)) else { return false };
        item.content =
            bytes.filter(|bytes| self.bounds.fit(self.bytes, bytes.len())).map_or(Content::Nothing, Content::Bytes);
        self.bytes += item.content.len();
        matches!(item.content, Content::Bytes(_))
    }

    /// What waits at a place, if it has not been passed.
    fn index_of(&self, place: u64) -> Option<usize> {
        let first = self.placed + 1 - self.waiting.len() as u64;
        usize::try_from(place.checked_sub(first)?).ok()
    }

    fn push(&mut self, item: Waiting) -> Put {
        self.bytes += item.content.len();
        self.waiting.push_back(item);
        self.placed += 1;
        Put::At(self.placed)
    }

    /// What goes next, of no more than so many bytes and items; nothing if there is nothing to say. It stays in the queue.
    pub(super) fn next(&mut self, most: usize, at_once: usize) -> Option<Sent> {
        while self.waiting.front().is_some_and(|it| matches!(it.content, Content::Nothing)) {
            self.waiting.pop_front();
        }
        let (mut names, mut keys, mut index) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut place = |key: StreamKey, generation: u64| -> u32 {
            *index.entry((key, generation)).or_insert_with(|| {
                names.push(StreamName { event: key.0, cluster: key.1, generation });
                keys.push(key);
                u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
            })
        };
        let (count, size) = self.together(most, at_once);
        let (mut items, mut bytes) = (Vec::with_capacity(count), Vec::with_capacity(size));
        for it in self.waiting.iter().take(count) {
            let Content::Bytes(its) = &it.content else { break };
            bytes.extend_from_slice(its);
            items.push(Item {
                stream: place(it.stream, it.generation),
                number: it.number,
                service: it.service,
                length: u32::try_from(its.len()).unwrap_or(u32::MAX),
            });
        }
        let mut last = Vec::new();
        if items.len() == self.waiting.len() {
            // Nothing comes after it that would show what is missing.
            for key in self.cut.iter().take(MOST_STREAMS) {
                if let Some(stream) = self.streams.get(key) {
                    last.push((place(*key, stream.generation), stream.last));
                }
            }
        }
        if items.is_empty() && last.is_empty() {
            return None;
        }
        let to = self.placed - (self.waiting.len() - items.len()) as u64;
        Some(Sent { batch: Batch { streams: names, items, bytes: bytes.into(), last }, to, keys })
    }

    /// How many of those in front go together, and the bytes of these.
    fn together(&self, most: usize, at_once: usize) -> (usize, usize) {
        let (mut count, mut size) = (0, 0);
        for it in self.waiting.iter().take(at_once) {
            let Content::Bytes(its) = &it.content else { break };
            if count > 0 && size + its.len() > most {
                break;
            }
            (count, size) = (count + 1, size + its.len());
        }
        (count, size)
    }

    /// The other node has answered it. How many take each of its streams.
    pub(super) fn answered(&mut self, sent: &Sent, taken: &Taken) -> Vec<(StreamKey, u32)> {
        let first = sent.to + 1 - sent.batch.items.len() as u64;
        for (index, mailboxes) in &taken.full {
            if (*index as usize) < sent.batch.items.len() {
                self.full.insert(first + u64::from(*index), *mailboxes);
            }
        }
        while self.full.len() > FULL_REMEMBERED {
            let forgotten = self.full.pop_first().map_or(0, |(place, _)| place);
            self.forgotten = self.forgotten.max(forgotten);
        }
        self.leave(sent.to);
        self.note_known(sent);
        self.settled = self.settled.max(sent.to);
        sent.keys.iter().copied().zip(taken.takers.iter().copied()).collect()
    }

    /// The other node cannot read it, and would not another time: it is missed.
    pub(super) fn refused(&mut self, sent: &Sent) {
        self.leave(sent.to);
        for it in sent.batch.items.iter().filter(|it| it.number > 0) {
            self.shared.dropped.add(1);
            let stream = it.stream as usize;
            self.cut(sent.keys[stream], sent.batch.streams[stream].generation);
        }
        // If that is what it cannot read, it would be said for ever.
        if sent.batch.items.is_empty() {
            self.note_known(sent);
        }
        self.throw(sent.to + 1 - sent.batch.items.len() as u64, sent.to);
    }

    /// Of a stream that is over nothing is told.
    fn cut(&mut self, key: StreamKey, generation: u64) {
        if self.streams.get(&key).is_some_and(|stream| stream.generation == generation) {
            self.cut.insert(key);
        }
    }

    fn throw(&mut self, from: u64, to: u64) {
        if from <= to {
            self.thrown.insert(from, to);
        }
        while self.thrown.len() > FULL_REMEMBERED {
            let forgotten = self.thrown.pop_first().map_or(0, |(_, to)| to);
            self.forgotten = self.forgotten.max(forgotten);
        }
    }

    /// The other node cannot be reached for now: what waits is missed, and so is what comes until it can be.
    pub(super) fn throw_away(&mut self) {
        self.throw(self.placed + 1 - self.waiting.len() as u64, self.placed);
        for it in std::mem::take(&mut self.waiting).iter().filter(|it| it.number > 0) {
            self.shared.dropped.add(1);
            self.cut(it.stream, it.generation);
        }
        self.held.clear();
        self.bytes = 0;
    }

    /// Takes out all up to this place.
    fn leave(&mut self, to: u64) {
        while !self.waiting.is_empty() && self.placed - (self.waiting.len() as u64) < to {
            if let Some(left) = self.waiting.pop_front() {
                self.bytes -= left.content.len();
            }
        }
    }

    /// What the other node knows now of where its streams stand.
    fn note_known(&mut self, sent: &Sent) {
        let runs = sent.batch.items.chunk_by(|one, next| one.stream == next.stream);
        let last = runs.filter_map(|run| Some((run.first()?.stream, run.iter().map(|it| it.number).max()?)));
        for (stream, number) in last.chain(sent.batch.last.iter().copied()) {
            let (key, name) = (sent.keys[stream as usize], sent.batch.streams[stream as usize]);
            if let Some(stream) = self.streams.get_mut(&key).filter(|it| it.generation == name.generation) {
                stream.told = stream.told.max(number);
                if stream.told == stream.last {
                    self.cut.remove(&key);
                }
            }
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cut.is_empty() && self.waiting.iter().all(|it| matches!(it.content, Content::Nothing))
    }

    /// Up to which place all is answered, or thrown away.
    pub(super) fn passed(&self) -> u64 {
        self.settled.max(self.thrown.last_key_value().map_or(0, |(_, to)| *to))
    }

    /// What became of the item at this place, once it is [passed](Self::passed): in how many mailboxes it had no room, or nothing if it was not sent, or
    /// nobody knows any more.
    pub(super) fn fate(&self, place: u64) -> Option<u32> {
        let is_thrown = self.thrown.range(..=place).next_back().is_some_and(|(_, to)| place <= *to);
        (self.forgotten < place && place <= self.settled && !is_thrown)
            .then(|| self.full.get(&place).copied().unwrap_or(0))
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
