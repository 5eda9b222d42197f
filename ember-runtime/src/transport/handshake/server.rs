//! The accepting side: tonic's server over the node's listener.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture, stream};
use tokio::time::{Instant, sleep, timeout};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codegen::{async_trait, http},
    transport::Server,
};

use super::{
    greet::{self, Stranger},
    opening,
};
use crate::{
    net::Listener,
    sync::lock,
    transport::{
        entrance::{Connection, PLACES, Refusal, Sever, Socket, Sockets, Unopened, VERSION, hello},
        link::data,
        peers::{Awaited, AwaitedStreams, WeakLinks},
        protocol::{
            Frame, LinkConfig,
            link_server::{Link, LinkServer},
        },
        stream::{Control, ControlWriter, MAX_CONTROL, control},
    },
};

pub(crate) const STREAM_WINDOW: u32 = 4 << 20;
pub(crate) const CONNECTION_WINDOW: u32 = 16 << 20;
/// As large as the largest frame of this room, so that a frame is one write and one read.
pub(crate) const HTTP_FRAME: u32 = 512 << 10;
/// Two streams are used.
const STREAMS: u32 = 4;
/// The bytes of a request's headers.
const HEADERS: u32 = 8 << 10;
/// How often the log tells of nodes of another version.
const WARN_EVERY: Duration = Duration::from_secs(60);
/// So many connections may have said nothing yet: more than there are places for strangers, which are what bounds them.
const SORTED: usize = 2 * PLACES;
/// The pause after an accept that failed, for example for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until the node is gone.
pub(crate) async fn serve(links: WeakLinks, listener: Box<dyn Listener>, sockets: Arc<Sockets>, config: LinkConfig) {
    let patience = config.connect_timeout * 2 + Duration::from_secs(1);
    let step = config.connect_timeout / 4;
    let incoming = stream::unfold((listener, sockets), move |(mut listener, sockets)| async move {
        let stream = loop {
            sockets.strangers.place(step).await;
            match listener.accept().await {
                Ok(stream) => break stream,
                Err(error) => {
                    tracing::warn!(target: "ember::link", %error, "a connection could not be accepted");
                    sleep(PAUSE).await;
                }
            }
        };
        let socket = sockets.accepted(stream, patience);
        Some((socket, (listener, sockets)))
    })
    .boxed();
    let for_pulses = links.clone();
    let incoming = incoming
        .map(move |socket| opening::sort(socket, for_pulses.clone()).boxed())
        .buffer_unordered(SORTED)
        .filter_map(|socket| ready(socket.map(Ok::<Socket, Infallible>)));
    let service = Arc::new(Service {
        links,
        expected: AwaitedStreams::default(),
        patience: config.connect_timeout,
        credit: config.credit,
        warned: Mutex::default(),
    });
    let control = LinkServer::from_arc(service.clone()).max_decoding_message_size(MAX_CONTROL);
    let served = Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(HTTP_FRAME)
        .http2_max_header_list_size(HEADERS)
        .max_concurrent_streams(STREAMS)
        .serve_with_incoming(Entrance { service, control }, incoming)
        .await;
    if let Err(error) = served {
        tracing::error!(target: "ember::link", %error, "links are no longer accepted");
    }
}

type Frames = Pin<Box<dyn Stream<Item = Result<Frame, Status>> + Send>>;

struct Service {
    links: WeakLinks,
    expected: AwaitedStreams,
    patience: Duration,
    credit: usize,
    /// When the log last told of another version.
    warned: Mutex<Option<Instant>>,
}

#[async_trait]
impl Link for Service {
    type ControlStream = Frames;

    async fn control(&self, request: Request<Streaming<Frame>>) -> Result<Response<Frames>, Status> {
        let sever = connection(&request)?;
        if !sever.greet() {
            return Err(Status::failed_precondition("there is one hello on a connection"));
        }
        let mut incoming = request.into_inner();
        let opening = match timeout(self.patience, incoming.message()).await {
            Ok(opening) => opening?.ok_or_else(|| Status::invalid_argument("no hello"))?,
            Err(_) => return Err(Status::deadline_exceeded("no hello")),
        };
        sever.step();
        let dialler = match hello::get_opening(&opening.data) {
            Ok(nonce) => nonce,
            Err(why) => {
                self.warn(why);
                let frame = Frame { data: hello::put_refusal(why.into()) };
                return Ok(Response::new(stream::iter([Ok(frame)]).boxed()));
            }
        };
        let links = self.links.upgrade().ok_or_else(|| Status::unavailable("the node is gone"))?;
        let (nonces, greeting) = links.greeting(dialler);
        let control = Control::new(control::encode(&Ok::<_, Refusal>(greeting)), self.credit);
        let stranger = Stranger { incoming, control: control.clone(), nonces, sever };
        tokio::spawn(greet::run(self.links.clone(), stranger, self.patience, self.expected.clone()));
        Ok(Response::new(ControlWriter(control).map(Ok).boxed()))
    }
}

impl Service {
    /// An operator has to learn of nodes of another version, and must not learn of little else.
    fn warn(&self, why: Unopened) {
        let Unopened::Version { theirs } = why else { return };
        let mut warned = lock(&self.warned);
        if warned.is_none_or(|last| last.elapsed() >= WARN_EVERY) {
            *warned = Some(Instant::now());
            tracing::warn!(
                target: "ember::link", theirs, ours = VERSION,
                "a node that speaks another version of the link protocol wants a link: the two releases of Ember are too far apart, update the older one"
            );
        }
    }
}

impl Service {
    /// Joins a data stream to its session.
    fn data(&self, request: http::Request<Body>) -> http::Response<Body> {
        let connection = request.extensions().get::<Connection>().map(|connection| connection.0.clone());
        let named = data::token(request.headers()).zip(connection);
        let awaited = named.and_then(|(token, sever)| self.expected.take(token, &sever));
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
