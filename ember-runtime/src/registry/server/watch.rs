//! Watches: one stream carries many. Pulled by the client's flow control: what is not read is not made.

use std::{
    collections::{BTreeMap, VecDeque},
    future::pending,
    mem,
};

use futures_util::{FutureExt, StreamExt, stream, stream::BoxStream};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Duration, Instant, sleep_until},
};
use tonic::{Request, Response, Status, Streaming};

use super::face::Face;
use crate::registry::{
    protocol::{Event, WatchRequest, WatchResponse, watch_request::Request as Asked, watch_server},
    server::translation::{to_wire, wording},
    store::{At, Change, Gone, KeyRange, Watcher},
};

/// How often a watch that asked for it hears that nothing has happened. As in etcd.
const PROGRESS: Duration = Duration::from_secs(600);
/// Where a response is split, if the client can put it together again. As in etcd.
const FRAGMENT_BYTES: usize = 2 << 20;
/// In responses that concern no watch.
const NO_WATCH: i64 = -1;

#[tonic::async_trait]
impl watch_server::Watch for Face {
    type WatchStream = BoxStream<'static, Result<WatchResponse, Status>>;

    async fn watch(&self, request: Request<Streaming<WatchRequest>>) -> Result<Response<Self::WatchStream>, Status> {
        let session = WatchSession::new(self.clone(), request.into_inner());
        let responses = stream::unfold(Some(session), |session| async {
            let mut session = session?;
            match session.next().await? {
                Ok(response) => Some((Ok(response), Some(session))),
                Err(status) => Some((Err(status), None)),
            }
        });
        Ok(Response::new(responses.boxed()))
    }
}

struct WatchSession {
    face: Face,
    requests: Streaming<WatchRequest>,
    /// The client has closed its side. Its watches go on, as in etcd, until it hangs up.
    closed: bool,
    watches: BTreeMap<i64, Watch>,
    /// Parts of one answer that are yet to be sent.
    outbox: VecDeque<WatchResponse>,
    next_id: i64,
    /// The watch that was served last: the others come first.
    served: i64,
    /// All watches have delivered everything up to this revision.
    delivered: i64,
    /// How often the client wants to be told when everything is delivered.
    progress_wanted: u32,
    progress_due: Instant,
}

struct Watch {
    watcher: Watcher,
    options: Options,
    /// Nothing has happened since the last notice of progress was due.
    quiet: bool,
    _permit: OwnedSemaphorePermit,
}

/// A watch as a client asks for it.
struct Create {
    /// 0: any.
    id: i64,
    range: KeyRange,
    /// 0: from now on.
    from: i64,
    options: Options,
}

#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "they are independent, and so is the etcd API")]
struct Options {
    puts: bool,
    deletes: bool,
    /// With the records before.
    previous: bool,
    /// Large responses may be split.
    fragment: bool,
    /// Also when nothing has happened for a while.
    notify: bool,
}

impl Options {
    fn want(self, change: &Change) -> bool {
        if change.now.is_some() { self.puts } else { self.deletes }
    }
}

impl WatchSession {
    fn new(face: Face, requests: Streaming<WatchRequest>) -> Self {
        Self {
            face,
            requests,
            closed: false,
            watches: BTreeMap::new(),
            outbox: VecDeque::new(),
            next_id: 0,
            served: NO_WATCH,
            delivered: 0,
            progress_wanted: 0,
            progress_due: Instant::now() + PROGRESS,
        }
    }

    /// The next response; `None` is never.
    async fn next(&mut self) -> Option<Result<WatchResponse, Status>> {
        loop {
            if let Some(part) = self.outbox.pop_front() {
                return Some(Ok(part));
            }
            // Before events, so that a flood of them cannot keep a cancellation out.
            let at_once = if self.closed { None } else { self.requests.next().now_or_never() };
            let request = match at_once {
                Some(request) => request,
                None if self.deliver() || self.progress() => continue,
                None => {
                    let store = self.face.store.clone();
                    let notify = self.watches.values().any(|watch| watch.options.notify);
                    tokio::select! {
                        biased;
                        request = self.requests.next(), if !self.closed => request,
                        () = store.wait_past(self.delivered), if !self.watches.is_empty() => continue,
                        () = sleep_until(self.progress_due), if notify => continue,
                        // Nothing can come any more; the client ends the stream.
                        else => pending().await,
                    }
                }
            };
            match request {
                Some(Ok(request)) => self.obey(request.request),
                Some(Err(status)) => return Some(Err(wording::too_large(&status).unwrap_or(status))),
                None => self.closed = true,
            }
        }
    }

    fn obey(&mut self, request: Option<Asked>) {
        match request {
            Some(Asked::Create(request)) => {
                let options = Options {
                    puts: !request.filters.contains(&0),
                    deletes: !request.filters.contains(&1),
                    previous: request.prev_kv,
                    fragment: request.fragment,
                    notify: request.progress_notify,
                };
                // No key is the first key, so no key and an open end is everything.
                let start = if request.key.is_empty() { vec![0] } else { request.key };
                let range = KeyRange::from_wire(start, request.range_end);
                let (id, from) = (request.watch_id, request.start_revision);
                let response = self.create(Create { id, range, from, options });
                self.outbox.push_back(response);
            }
            Some(Asked::Cancel(request)) => self.cancel(request.watch_id),
            Some(Asked::Progress(_)) => self.progress_wanted += 1,
            // A request of a later version: etcd ignores it, too.
            None => {}
        }
    }

    fn respond(&self, revision: i64, watch_id: i64) -> WatchResponse {
        WatchResponse { header: self.face.header(revision), watch_id, ..WatchResponse::default() }
    }

    fn refuse(&self, reason: &str) -> WatchResponse {
        let response = self.respond(self.face.store.shown(), NO_WATCH);
        WatchResponse { created: true, canceled: true, cancel_reason: reason.into(), ..response }
    }

    fn create(&mut self, wanted: Create) -> WatchResponse {
        if wanted.range.is_empty() {
            return self.refuse("mvcc: watcher range is empty");
        }
        let id = if wanted.id == 0 { self.free_id() } else { wanted.id };
        if self.watches.contains_key(&id) {
            return self.refuse("mvcc: duplicate watch ID provided on the WatchStream");
        }
        let Some(permit) = self.face.watch_permit() else {
            return self
                .refuse("etcdserver: too many watches: use one for a prefix, and cancel what is no longer used");
        };
        // What is not kept yet comes as an event, and must not be told before.
        let revision = self.face.store.shown();
        let from = if wanted.from == 0 { revision + 1 } else { wanted.from };
        let watcher = self.face.store.watch(wanted.range, from);
        self.watches.insert(id, Watch { watcher, options: wanted.options, quiet: true, _permit: permit });
        WatchResponse { created: true, ..self.respond(revision, id) }
    }

    fn free_id(&mut self) -> i64 {
        while self.watches.contains_key(&self.next_id) {
            self.next_id += 1;
        }
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn cancel(&mut self, id: i64) {
        if self.watches.remove(&id).is_some() {
            let response = WatchResponse { canceled: true, ..self.respond(self.face.store.shown(), id) };
            self.outbox.push_back(response);
        }
    }

    /// Puts the next events of one watch into the outbox; false if none has any.
    fn deliver(&mut self) -> bool {
        let mut delivered = self.face.store.shown();
        let after = self.watches.range(self.served.saturating_add(1)..).map(|(id, _)| *id);
        let turn: Vec<_> = after.chain(self.watches.range(..=self.served).map(|(id, _)| *id)).collect();
        for id in turn {
            while let Some(watch) = self.watches.get_mut(&id) {
                match watch.watcher.try_next() {
                    Ok(At { revision, value: changes }) if changes.is_empty() => {
                        delivered = delivered.min(revision);
                        break;
                    }
                    Ok(At { revision, value: changes }) => {
                        let options = watch.options;
                        let previous = options.previous.then(|| self.face.store.oldest());
                        let wanted = changes.iter().filter(|change| options.want(change));
                        let events: Vec<_> = wanted.map(|change| to_wire::event(change, previous)).collect();
                        if !events.is_empty() {
                            watch.quiet = false;
                            self.served = id;
                            self.post(revision, id, events, options.fragment);
                            return true;
                        }
                    }
                    Err(Gone { oldest }) => {
                        self.watches.remove(&id);
                        // Without a reason and a revision, as etcd says it.
                        let response =
                            WatchResponse { canceled: true, compact_revision: oldest, ..self.respond(0, id) };
                        self.outbox.push_back(response);
                        return true;
                    }
                }
            }
        }
        self.delivered = delivered;
        false
    }

    fn post(&mut self, revision: i64, id: i64, events: Vec<Event>, fragment: bool) {
        let (mut part, mut bytes) = (self.respond(revision, id), 0);
        for event in events {
            let size = [&event.kv, &event.prev_kv].into_iter().flatten().map(|kv| kv.key.len() + kv.value.len()).sum();
            bytes += size;
            if fragment && bytes > FRAGMENT_BYTES && !part.events.is_empty() {
                part.fragment = true;
                self.outbox.push_back(part);
                (part, bytes) = (self.respond(revision, id), size);
            }
            part.events.push(event);
        }
        self.outbox.push_back(part);
    }

    /// Puts notices of progress into the outbox, if some are wanted. Everything up to there has been delivered.
    fn progress(&mut self) -> bool {
        if self.progress_wanted > 0 {
            self.progress_wanted -= 1;
            self.outbox.push_back(self.respond(self.delivered, NO_WATCH));
        }
        let now = Instant::now();
        if now >= self.progress_due {
            self.progress_due = now + PROGRESS;
            for (id, watch) in self.watches.iter_mut().filter(|(_, watch)| watch.options.notify) {
                if mem::replace(&mut watch.quiet, true) {
                    let header = self.face.header(self.delivered);
                    self.outbox.push_back(WatchResponse { header, watch_id: *id, ..WatchResponse::default() });
                }
            }
        }
        !self.outbox.is_empty()
    }
}
