//! One of the two, asked in etcd's protocol, and what it said.

use std::fmt::Debug;

use ember_tests::wait::{eventually, within};
use etcd_client::proto::{
    PbAlarmResponse, PbCompactionRequest, PbCompactionResponse, PbDeleteRequest, PbDeleteResponse,
    PbLeaseGrantResponse, PbLeaseLeasesResponse, PbLeaseRevokeResponse, PbLeaseTimeToLiveResponse,
    PbMemberListResponse, PbPutRequest, PbPutResponse, PbRangeRequest, PbRangeResponse, PbResponseHeader,
    PbStatusResponse, PbTxnRequest, PbTxnResponse, PbWatchRequest, PbWatchRequestUnion, PbWatchResponse,
};
use futures_util::{Stream, stream};
use prost::Message;
use tokio::sync::mpsc;
use tonic::{
    Request, Status, Streaming,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

/// Answers that are larger are told by their size.
const SHOWN: usize = 100_000;

pub(crate) struct Ask {
    channel: Channel,
    /// What it answered in this case, without what must differ.
    pub(crate) said: Vec<String>,
}

/// An answer with a header. The ids of cluster and member, and the term, are everybody's own; that they are there is not.
pub(crate) trait Answer: Message + Default + Debug + Clone + 'static {
    fn header(&mut self) -> &mut Option<PbResponseHeader>;

    fn common(mut self) -> Self {
        if let Some(header) = self.header() {
            assert!(header.cluster_id == 0 || header.cluster_id != header.member_id, "{header:?}");
            header.cluster_id = header.cluster_id.min(1);
            header.member_id = header.member_id.min(1);
            header.raft_term = header.raft_term.min(1);
        }
        self
    }
}

macro_rules! answers {
    ($($answer:ty),+ $(,)?) => { $(impl Answer for $answer {
        fn header(&mut self) -> &mut Option<PbResponseHeader> { &mut self.header }
    })+ };
}

answers!(
    PbAlarmResponse,
    PbCompactionResponse,
    PbDeleteResponse,
    PbLeaseGrantResponse,
    PbLeaseLeasesResponse,
    PbLeaseRevokeResponse,
    PbLeaseTimeToLiveResponse,
    PbMemberListResponse,
    PbPutResponse,
    PbRangeResponse,
    PbStatusResponse,
    PbTxnResponse,
    PbWatchResponse,
);

impl Ask {
    pub(crate) async fn connect(endpoint: &str) -> Self {
        let uri = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
        let channel = Endpoint::from_shared(uri).expect("an endpoint").connect_lazy();
        let ask = Self { channel, said: Vec::new() };
        let nothing = PbRangeRequest { key: b"nothing".to_vec(), ..PbRangeRequest::default() };
        eventually("an answer", async || ask.ask::<_, PbRangeResponse>("KV/Range", nothing.clone()).await.ok()).await;
        ask
    }

    /// Asks, and tells nobody. `method` is one of etcd's own services, or begins with a `/`.
    pub(crate) async fn ask<Q, A>(&self, method: &str, request: Q) -> Result<A, Status>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let path = if method.starts_with('/') { method.to_owned() } else { format!("/etcdserverpb.{method}") };
        let path = PathAndQuery::try_from(path).expect("a path");
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(usize::MAX);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let answer = grpc.unary(Request::new(request), path, ProstCodec::<Q, A>::default());
        Ok(within("an answer", answer).await?.into_inner())
    }

    pub(crate) async fn call<Q, A>(&mut self, method: &str, request: Q) -> Option<A>
    where
        Q: Message + Send + Sync + 'static,
        A: Answer + Send + Sync,
    {
        let answer: Result<A, Status> = self.ask(method, request).await;
        self.said.push(match answer.clone().map(Answer::common) {
            Ok(answer) if answer.encoded_len() > SHOWN => format!("{} bytes", answer.encoded_len()),
            Ok(answer) => format!("{answer:?}"),
            Err(status) => refusal(&status),
        });
        answer.ok()
    }

    pub(crate) fn say(&mut self, text: impl Debug) {
        self.said.push(format!("{text:?}"));
    }

    pub(crate) async fn put(&mut self, request: PbPutRequest) -> i64 {
        let answer: Option<PbPutResponse> = self.call("KV/Put", request).await;
        answer.and_then(|answer| Some(answer.header?.revision)).unwrap_or_default()
    }

    pub(crate) async fn range(&mut self, request: PbRangeRequest) {
        self.call::<_, PbRangeResponse>("KV/Range", request).await;
    }

    pub(crate) async fn delete(&mut self, request: PbDeleteRequest) {
        self.call::<_, PbDeleteResponse>("KV/DeleteRange", request).await;
    }

    pub(crate) async fn txn(&mut self, request: PbTxnRequest) {
        self.call::<_, PbTxnResponse>("KV/Txn", request).await;
    }

    pub(crate) async fn compact(&mut self, revision: i64) {
        let request = PbCompactionRequest { revision, physical: true };
        self.call::<_, PbCompactionResponse>("KV/Compact", request).await;
    }

    pub(crate) async fn revision(&self) -> i64 {
        let request = PbRangeRequest { key: b"nothing".to_vec(), ..PbRangeRequest::default() };
        let answer: PbRangeResponse = self.ask("KV/Range", request).await.expect("an answer");
        answer.header.expect("a header").revision
    }

    /// Leaves nothing, and the revision that `revision` says, if it is not past it.
    pub(crate) async fn tidy(&self, revision: i64) {
        let everything = PbDeleteRequest { key: vec![0], range_end: vec![0], ..PbDeleteRequest::default() };
        self.ask::<_, PbDeleteResponse>("KV/DeleteRange", everything).await.expect("to delete everything");
        while self.revision().await < revision {
            self.ask::<_, PbPutResponse>("KV/Put", super::put("filler", "")).await.expect("to put");
        }
    }

    /// A stream of watches, of which the first request is sent at once.
    pub(crate) async fn watch(&self, first: PbWatchRequestUnion) -> Watches {
        let (requests, queue) = mpsc::channel(2_000);
        let watches = Watches { requests: Some(requests), responses: None };
        watches.send(first).await;
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(usize::MAX);
        grpc.ready().await.expect("a connection");
        let codec = ProstCodec::<PbWatchRequest, PbWatchResponse>::default();
        let path = PathAndQuery::from_static("/etcdserverpb.Watch/Watch");
        let responses = within("a stream", grpc.streaming(Request::new(stream(queue)), path, codec)).await;
        Watches { responses: Some(responses.expect("a stream").into_inner()), ..watches }
    }

    /// Says the next response of a stream; the response.
    pub(crate) async fn hear(&mut self, watches: &mut Watches) -> PbWatchResponse {
        let response = watches.next().await;
        self.said.push(format!("{:?}", response.clone().common()));
        response
    }

    /// Says the next `count` events of a stream: in how many responses they come is nobody's promise.
    pub(crate) async fn hear_events(&mut self, watches: &mut Watches, count: usize) {
        let mut heard = 0;
        while heard < count {
            let response = watches.next().await;
            assert!(!response.events.is_empty(), "{response:?}");
            heard += response.events.len();
            self.said.extend(response.events.iter().map(|event| format!("{} {event:?}", response.watch_id)));
        }
    }
}

fn stream(mut queue: mpsc::Receiver<PbWatchRequest>) -> impl Stream<Item = PbWatchRequest> + Send {
    stream::poll_fn(move |cx| queue.poll_recv(cx))
}

pub(crate) fn refusal(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}

pub(crate) struct Watches {
    requests: Option<mpsc::Sender<PbWatchRequest>>,
    responses: Option<Streaming<PbWatchResponse>>,
}

impl Watches {
    pub(crate) async fn send(&self, request: PbWatchRequestUnion) {
        let requests = self.requests.as_ref().expect("an open side");
        requests.send(PbWatchRequest { request_union: Some(request) }).await.expect("a stream");
    }

    /// Closes the client's side.
    pub(crate) fn close(&mut self) {
        self.requests = None;
    }

    pub(crate) async fn next(&mut self) -> PbWatchResponse {
        let responses = self.responses.as_mut().expect("a stream");
        within("a response", responses.message()).await.expect("no error").expect("the stream to go on")
    }
}
