//! The accepting side: tonic's server over the node's listener.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tonic::{Request, Response, Status, Streaming, codegen::async_trait, transport::Server};

use super::{
    LinkConfig,
    accept::Accepted,
    control::{self, ControlWriter, MAX_CONTROL},
    generated::link_v1::{
        Frame,
        link_server::{Link, LinkServer},
    },
    hello::{self, Refusal, Welcome},
    links::WeakLinks,
    lock, run,
    session::Session,
    socket::{Connection, Sever, Socket, Sockets},
    writer::DataWriter,
};
use crate::net::Listener;

pub(super) const STREAM_WINDOW: u32 = 4 << 20;
pub(super) const CONNECTION_WINDOW: u32 = 16 << 20;
pub(super) const HTTP_FRAME: u32 = 64 << 10;
/// Two streams are used; a few more let a stale one end.
const STREAMS: u32 = 8;
/// The pause after an accept that failed, for example for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// The largest gRPC message that is read: one message with its prefix, or a backlog of small ones.
pub(super) fn max_frame(config: &LinkConfig) -> usize {
    config.max_message.max(256 << 10).max(MAX_CONTROL) + 64
}

/// Serves until the node is gone.
pub(super) async fn serve(links: WeakLinks, listener: Box<dyn Listener>, sockets: Arc<Sockets>, config: LinkConfig) {
    let limit = max_frame(&config);
    let patience = config.connect_timeout * 2 + Duration::from_secs(1);
    let incoming = stream::unfold((listener, sockets), move |(mut listener, sockets)| async move {
        let stream = loop {
            match listener.accept().await {
                Ok(stream) => break stream,
                Err(error) => {
                    tracing::warn!(target: "ember::link", %error, "a connection could not be accepted");
                    sleep(PAUSE).await;
                }
            }
        };
        let socket = sockets.wrap(stream, patience);
        Some((Ok::<Socket, Infallible>(socket), (listener, sockets)))
    });
    let service = Service { links, expected: Arc::default(), patience: config.connect_timeout };
    let served = Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(HTTP_FRAME)
        .max_concurrent_streams(STREAMS)
        .serve_with_incoming(LinkServer::new(service).max_decoding_message_size(limit), incoming)
        .await;
    if let Err(error) = served {
        tracing::error!(target: "ember::link", %error, "links are no longer accepted");
    }
}

type Frames = Pin<Box<dyn Stream<Item = Result<Frame, Status>> + Send>>;

/// The data streams that are expected, by the token of their session.
type Expected = Arc<Mutex<BTreeMap<u64, Awaited>>>;

struct Awaited {
    session: Arc<Session>,
    expects: oneshot::Sender<Streaming<Frame>>,
}

struct Service {
    links: WeakLinks,
    expected: Expected,
    patience: Duration,
}

#[async_trait]
impl Link for Service {
    type ControlStream = Frames;
    type DataStream = Frames;

    async fn control(&self, request: Request<Streaming<Frame>>) -> Result<Response<Frames>, Status> {
        let sever = connection(&request)?;
        let mut incoming = request.into_inner();
        let hello = match timeout(self.patience, incoming.message()).await {
            Ok(hello) => hello?.ok_or_else(|| Status::invalid_argument("no hello"))?,
            Err(_) => return Err(Status::deadline_exceeded("no hello")),
        };
        let links = self.links.upgrade().ok_or_else(|| Status::unavailable("the node is gone"))?;
        match links.accept(&hello.data, &sever) {
            Ok(Accepted { session, token, data, expects }) => {
                lock(&self.expected).insert(token, Awaited { session: session.clone(), expects });
                let outgoing = ControlWriter(session.control.clone());
                let expected = Forget { expected: self.expected.clone(), token };
                let join = run::join(self.links.clone(), session, incoming, data, self.patience, expected);
                tokio::spawn(join);
                Ok(Response::new(outgoing.map(Ok).boxed()))
            }
            Err(refusal) => {
                tracing::debug!(target: "ember::link", %refusal, "a link was refused");
                let answer: Result<Welcome, Refusal> = Err(refusal);
                let frame = Frame { data: control::encode(&answer) };
                Ok(Response::new(stream::iter([Ok(frame)]).boxed()))
            }
        }
    }

    async fn data(&self, request: Request<Streaming<Frame>>) -> Result<Response<Frames>, Status> {
        let sever = connection(&request)?;
        let token = request.metadata().get(hello::SESSION).and_then(|token| token.to_str().ok()?.parse().ok());
        let awaited = token.and_then(|token: u64| {
            let mut expected = lock(&self.expected);
            let ours = expected.get(&token).is_some_and(|awaited| Arc::ptr_eq(&awaited.session.sever, &sever));
            if ours { expected.remove(&token) } else { None }
        });
        let Some(Awaited { session, expects }) = awaited else {
            return Err(Status::failed_precondition("this data stream belongs to no session of its connection"));
        };
        let outgoing = DataWriter::new(session);
        if expects.send(request.into_inner()).is_err() {
            return Err(Status::failed_precondition("the session has ended"));
        }
        Ok(Response::new(outgoing.map(Ok).boxed()))
    }
}

fn connection(request: &Request<Streaming<Frame>>) -> Result<Arc<Sever>, Status> {
    let connection = request.extensions().get::<Connection>();
    connection.map(|connection| connection.0.clone()).ok_or_else(|| Status::internal("an unknown connection"))
}

/// Forgets an expected data stream when it has come, or will not.
pub(super) struct Forget {
    expected: Expected,
    token: u64,
}

impl Drop for Forget {
    fn drop(&mut self) {
        lock(&self.expected).remove(&self.token);
    }
}
