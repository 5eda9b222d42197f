//! The client that is built in: for a server that knows no users, over a line without TLS.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture, stream};
use tokio::sync::mpsc::{self, error::TrySendError};
use tonic::{
    Status, Streaming,
    transport::{self, Channel},
};

use super::{
    channel::{Connections, Line},
    connector::Dial,
    list::MAX_ANSWER,
    outcome::{Outcome, no_header},
    wire::{Change, Lookup, Page, Stored, Told, Watching, Wire},
};
use crate::{
    net::{Endpoint, Network},
    registry::{
        LeaseId, RegistryError,
        api::{Compare, Operation, Result, Transaction, TransactionOutcome},
        protocol::{
            self, DeleteRangeRequest, KeyValue, LeaseGrantRequest, LeaseKeepAliveRequest, LeaseRevokeRequest,
            PutRequest, RangeRequest, RequestOp, ResponseHeader, TxnRequest, WatchCreateRequest, WatchProgressRequest,
            WatchRequest, WatchResponse,
            compare::{Given, Target},
            event::Kind,
            kv_client::KvClient,
            lease_client::LeaseClient,
            request_op,
            watch_client::WatchClient,
            watch_request,
        },
    },
};

/// Requests of a watch that the server has not taken: it was created, and is asked.
const ASKED: usize = 2;

/// Connects to one server.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    line: Line,
    address: String,
}

impl BuiltIn {
    pub(crate) fn new(network: Arc<dyn Network>, endpoint: Endpoint) -> Self {
        let address = match &endpoint {
            Endpoint::Tcp(authority) => format!("http://{authority}"),
            Endpoint::Unix(path) => format!("unix://{}", path.display()),
        };
        // HTTP wants a name, and a socket has none.
        let line = Line::new(network, endpoint, transport::Endpoint::from_static("http://localhost"));
        Self { line, address }
    }
}

impl fmt::Display for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl Dial for BuiltIn {
    fn dial<'a>(&'a self, made: &'a Connections) -> BoxFuture<'a, Result<Arc<dyn Wire>>> {
        async {
            let channel = self.line.open(made).await?;
            Ok(Arc::new(Client {
                kv: KvClient::new(channel.clone()).max_decoding_message_size(MAX_ANSWER),
                lease: LeaseClient::new(channel.clone()),
                watch: WatchClient::new(channel).max_decoding_message_size(MAX_ANSWER),
            }) as Arc<dyn Wire>)
        }
        .boxed()
    }
}

/// Each request takes a clone: tonic's clients are handles.
struct Client {
    kv: KvClient<Channel>,
    lease: LeaseClient<Channel>,
    watch: WatchClient<Channel>,
}

impl Wire for Client {
    fn look_up(&self, wanted: Lookup) -> BoxFuture<'_, Outcome<Page>> {
        let Lookup { range: (key, range_end), limit, revision } = wanted;
        let request = RangeRequest { key, range_end, limit, revision, ..RangeRequest::default() };
        async {
            let answer = self.kv.clone().range(request).await?.into_inner();
            let keys = answer.kvs.into_iter().map(stored).collect();
            Ok(Page { revision: self::revision(answer.header)?, keys, more: answer.more })
        }
        .boxed()
    }

    fn revision(&self, key: Vec<u8>) -> BoxFuture<'_, Outcome<i64>> {
        let request = RangeRequest { key, limit: 1, count_only: true, ..RangeRequest::default() };
        async { self::revision(self.kv.clone().range(request).await?.into_inner().header) }.boxed()
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Outcome<TransactionOutcome>> {
        let Transaction { when, then, otherwise } = transaction;
        let request = TxnRequest {
            compare: when.into_iter().map(condition).collect(),
            success: then.into_iter().map(write).collect(),
            failure: otherwise.into_iter().map(write).collect(),
        };
        async {
            let answer = self.kv.clone().txn(request).await?.into_inner();
            Ok(TransactionOutcome { succeeded: answer.succeeded, revision: self::revision(answer.header)? })
        }
        .boxed()
    }

    fn grant(&self, seconds: i64) -> BoxFuture<'_, Outcome<(LeaseId, i64)>> {
        async move {
            let request = LeaseGrantRequest { ttl: seconds, id: 0 };
            let answer = self.lease.clone().lease_grant(request).await?.into_inner();
            Ok((answer.id, answer.ttl))
        }
        .boxed()
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Outcome<i64>> {
        async move {
            let request = stream::iter([LeaseKeepAliveRequest { id: lease }]);
            match self.lease.clone().lease_keep_alive(request).await?.into_inner().message().await? {
                Some(answer) => Ok(answer.ttl),
                None => Err(RegistryError::Unavailable("the registry closed the keep-alive stream".into()).into()),
            }
        }
        .boxed()
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Outcome<()>> {
        async move {
            self.lease.clone().lease_revoke(LeaseRevokeRequest { id: lease }).await?;
            Ok(())
        }
        .boxed()
    }

    fn watch(&self, range: (Vec<u8>, Vec<u8>), from: i64) -> BoxFuture<'_, Outcome<Box<dyn Watching>>> {
        let (key, range_end) = range;
        let create = WatchCreateRequest { key, range_end, start_revision: from, ..WatchCreateRequest::default() };
        async {
            let (requests, asked) = mpsc::channel(ASKED);
            let asked = stream::unfold(asked, |mut asked| async { asked.recv().await.map(|request| (request, asked)) });
            // There is room for it, and who takes it is alive.
            let _taken = requests.try_send(request(watch_request::Request::Create(create)));
            let answers = self.watch.clone().watch(asked).await?.into_inner();
            Ok(Box::new(Watched { requests, answers }) as Box<dyn Watching>)
        }
        .boxed()
    }
}

struct Watched {
    requests: mpsc::Sender<WatchRequest>,
    answers: Streaming<WatchResponse>,
}

impl Watching for Watched {
    fn receive(&mut self) -> BoxFuture<'_, Outcome<Option<Told>>> {
        async { self.answers.message().await?.map(told).transpose() }.boxed()
    }

    fn ask(&mut self) -> BoxFuture<'_, Outcome<()>> {
        let asked = match self.requests.try_send(request(watch_request::Request::Progress(WatchProgressRequest {}))) {
            // Where the last question still waits, another one tells no more.
            Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(Status::unavailable("the registry takes no more requests").into()),
        };
        async { asked }.boxed()
    }
}

fn request(request: watch_request::Request) -> WatchRequest {
    WatchRequest { request: Some(request) }
}

fn revision(header: Option<ResponseHeader>) -> Outcome<i64> {
    header.map(|header| header.revision).ok_or_else(no_header)
}

fn condition(compare: Compare) -> protocol::Compare {
    let (target, key, given) = match compare {
        Compare::Absent(key) => (Target::Create, key, Given::CreateRevision(0)),
        Compare::Created(key, revision) => (Target::Create, key, Given::CreateRevision(revision)),
        Compare::Modified(key, revision) => (Target::Mod, key, Given::ModRevision(revision)),
    };
    // The relation is the first one, `Equal`.
    protocol::Compare { target: target.into(), key: key.into(), given: Some(given), ..protocol::Compare::default() }
}

fn write(operation: Operation) -> RequestOp {
    let request = match operation {
        Operation::Put { key, value, lease } => request_op::Request::Put(PutRequest {
            key: key.into(),
            value: value.into(),
            lease: lease.unwrap_or_default(),
            ..PutRequest::default()
        }),
        Operation::Delete { key } => {
            request_op::Request::DeleteRange(DeleteRangeRequest { key: key.into(), ..DeleteRangeRequest::default() })
        }
    };
    RequestOp { request: Some(request) }
}

fn stored(found: KeyValue) -> Stored {
    let KeyValue { key, value, create_revision: created, mod_revision: modified, lease, .. } = found;
    // A copy: what is kept must not keep the answer that it came in.
    Stored { key: key.into(), value: Bytes::copy_from_slice(&value), created, modified, lease }
}

fn told(answer: WatchResponse) -> Outcome<Told> {
    let change = |event: protocol::Event| {
        let (kind, stored) = (event.kind(), stored(event.kv?));
        Some(match kind {
            Kind::Put => Change::Put(stored),
            Kind::Delete => Change::Delete(stored.key, stored.modified),
        })
    };
    Ok(Told {
        revision: revision(answer.header)?,
        created: answer.created,
        canceled: answer.canceled.then_some(answer.cancel_reason),
        compacted: answer.compact_revision,
        changes: answer.events.into_iter().filter_map(change).collect(),
    })
}
