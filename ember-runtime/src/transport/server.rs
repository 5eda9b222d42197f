//! The accepting side: tonic's server over the node's listener.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, StreamExt, future::BoxFuture, stream};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codegen::{async_trait, http},
    transport::Server,
};

use super::{
    LinkConfig,
    accept::Accepted,
    control::{self, ControlWriter, MAX_CONTROL},
    data,
    generated::link_v1::{
        Frame,
        link_server::{Link, LinkServer},
    },
    hello::{Refusal, Welcome},
    links::WeakLinks,
    lock, run,
    session::Session,
    socket::{Connection, Sever, Socket, Sockets},
};
use crate::net::Listener;

pub(super) const STREAM_WINDOW: u32 = 4 << 20;
pub(super) const CONNECTION_WINDOW: u32 = 16 << 20;
/// As large as the largest frame of this room, so that a frame is one write and one read.
pub(super) const HTTP_FRAME: u32 = 512 << 10;
/// Two streams are used; a few more let a stale one end.
const STREAMS: u32 = 8;
/// The pause after an accept that failed, for example for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until the node is gone.
pub(super) async fn serve(links: WeakLinks, listener: Box<dyn Listener>, sockets: Arc<Sockets>, config: LinkConfig) {
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
    let service = Arc::new(Service { links, expected: Arc::default(), patience: config.connect_timeout });
    let control = LinkServer::from_arc(service.clone()).max_decoding_message_size(MAX_CONTROL);
    let served = Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(HTTP_FRAME)
        .max_concurrent_streams(STREAMS)
        .serve_with_incoming(Entrance { service, control }, incoming)
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
    expects: oneshot::Sender<Body>,
}

struct Service {
    links: WeakLinks,
    expected: Expected,
    patience: Duration,
}

#[async_trait]
impl Link for Service {
    type ControlStream = Frames;

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
}

impl Service {
    /// Joins a data stream to its session.
    fn data(&self, request: http::Request<Body>) -> http::Response<Body> {
        let connection = request.extensions().get::<Connection>().map(|connection| connection.0.clone());
        let awaited = data::token(request.headers()).zip(connection).and_then(|(token, sever)| {
            let mut expected = lock(&self.expected);
            let ours = expected.get(&token).is_some_and(|awaited| Arc::ptr_eq(&awaited.session.sever, &sever));
            if ours { expected.remove(&token) } else { None }
        });
        let Some(Awaited { session, expects }) = awaited else {
            return data::refused("this data stream belongs to no session of its connection");
        };
        match expects.send(request.into_body()) {
            Ok(()) => data::accepted(session),
            Err(_) => data::refused("the session has ended"),
        }
    }
}

/// Sends each request to its place.
#[derive(Clone)]
struct Entrance {
    service: Arc<Service>,
    control: LinkServer<Service>,
}

impl tower::Service<http::Request<Body>> for Entrance {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() == data::PATH {
            let response = self.service.data(request);
            return Box::pin(ready(Ok(response)));
        }
        self.control.call(request)
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
