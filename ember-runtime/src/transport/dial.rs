//! Dialling a peer: connection, hello, data stream.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use hyper_util::rt::TokioIo;
use tokio::time::{sleep, timeout};
use tonic::{
    Streaming,
    body::Body,
    transport::{Channel, Endpoint, Uri},
};

use super::{
    Links, Peer,
    control::{self, Control, ControlWriter},
    data,
    generated::link_v1::{Frame, link_client::LinkClient},
    hello::{self, Hello, Refusal},
    links::WeakLinks,
    lock, run, server,
    session::{Parts, Session},
    socket::Socket,
    table::{Connecting, How, State},
    writer::DataWriter,
};
use crate::error::RefusedReason;

/// How often a dial that crossed with one of the peer's is made again.
const CROSSINGS: u32 = 5;

/// A link that the dialling side has made.
type Made = (Arc<Session>, Streaming<Frame>, Body);

enum Failed {
    /// It crossed with the peer's own.
    Crossed(String),
    For(String),
}

/// Tries to make a link, and tells those who wait.
pub(super) async fn run(links: WeakLinks, peer: Peer, attempt: u64) {
    let mut crossings = 0;
    let why = loop {
        let Some(strong) = links.upgrade() else { return };
        let pause = strong.rng.jitter(strong.config.connect_timeout / 4);
        match Box::pin(dial(&strong, &peer, attempt)).await {
            Ok((session, control, data)) => {
                let mine = |how: &How| matches!(how, How::Dial { attempt: current, .. } if *current == attempt);
                if strong.raise(&session, mine) {
                    tokio::spawn(run::run(links, session, control, data));
                } else {
                    session.kill("a newer attempt took its place");
                }
                return;
            }
            Err(Failed::Crossed(why)) if crossings == CROSSINGS => break why,
            // The peer's own dial will end this task, or has failed by then.
            Err(Failed::Crossed(_)) => {
                crossings += 1;
                drop(strong);
                sleep(pause.max(Duration::from_millis(5))).await;
            }
            Err(Failed::For(why)) => break why,
        }
    };
    let Some(links) = links.upgrade() else { return };
    tracing::debug!(target: "ember::link", peer = %peer.key, endpoint = %peer.endpoint, why, "dial failed");
    let mut table = lock(&links.table);
    let Some(slot) = table.peers.get_mut(&peer.key.id) else { return };
    let State::Connecting(Connecting { how: How::Dial { attempt: current, .. }, .. }) = &slot.state else { return };
    if *current == attempt
        && let Some(outcome) = slot.take_over(&why)
    {
        slot.back_off(&links.rng);
        outcome.send_replace(Some(Err(RefusedReason::Unreachable(format!("{}: {why}", peer.endpoint)))));
    }
}

async fn dial(links: &Arc<Links>, peer: &Peer, attempt: u64) -> Result<Made, Failed> {
    let limit = links.config.connect_timeout;
    let stream = match timeout(limit, links.network.connect(&peer.endpoint)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Failed::For(error.to_string())),
        Err(_) => return Err(Failed::For(format!("no connection within {limit:?}"))),
    };
    let socket = links.sockets.wrap(stream, limit + Duration::from_secs(1));
    match timeout(limit, greet(links, peer, attempt, socket)).await {
        Ok(made) => made,
        Err(_) => Err(Failed::For(format!("no answer to the hello within {limit:?}"))),
    }
}

async fn greet(links: &Arc<Links>, peer: &Peer, attempt: u64, socket: Socket) -> Result<Made, Failed> {
    let failed = |status: tonic::Status| Failed::For(format!("not a working link: {}", status.message()));
    let sever = socket.sever();
    let channel = channel(socket).await.map_err(|error| Failed::For(error.to_string()))?;
    let mut client = LinkClient::new(channel.clone()).max_decoding_message_size(control::MAX_CONTROL);

    let dial = links.claim(peer, attempt).ok_or_else(|| Failed::For("a newer attempt took its place".into()))?;
    let hello = hello::put(&Hello {
        cluster: links.identity.cluster.clone(),
        from: links.identity.node,
        endpoint: links.identity.endpoint.clone(),
        expected: peer.key,
        dial,
        offer: links.offer(),
    });
    let control = Control::new(hello, links.config.credit);
    let mut incoming = client.control(ControlWriter(control.clone())).await.map_err(failed)?.into_inner();
    let answer = incoming.message().await.map_err(failed)?;
    let answer = answer.ok_or_else(|| Failed::For("the peer closed the connection".into()))?;
    let welcome = hello::get_answer(&answer.data).map_err(|refusal: Refusal| {
        let why = format!("the node refused the link: {refusal}");
        if refusal.can_pass() { Failed::Crossed(why) } else { Failed::For(why) }
    })?;
    if welcome.from != peer.key {
        return Err(Failed::For(Refusal::WrongNode { actual: welcome.from }.to_string()));
    }
    let parts = Parts {
        number: links.next_number(),
        peer: peer.key,
        peer_dial: welcome.dial,
        offer: welcome.offer,
        control,
        sever,
    };
    let session = Session::new(parts, &links.config, &links.ingress);
    let body = Body::new(DataWriter::request(session.clone()));
    match data::open(channel, body, welcome.session).await {
        Ok(data) => Ok((session, incoming, data)),
        Err(why) => Err(Failed::Crossed(format!("not a working link: {why}"))),
    }
}

impl Links {
    /// A number for the next hello, if the attempt still counts. Taken with the table locked: a link that was accepted
    /// before has ended the attempt, so a hello with a higher number is younger than that link.
    fn claim(&self, peer: &Peer, attempt: u64) -> Option<u64> {
        let table = lock(&self.table);
        match table.peers.get(&peer.key.id)?.state {
            State::Connecting(Connecting { how: How::Dial { attempt: current, .. }, .. }) if current == attempt => {
                Some(self.next_dial())
            }
            _ => None,
        }
    }
}

/// A channel over one connection, which it never makes again.
pub(super) async fn channel(socket: Socket) -> Result<Channel, tonic::transport::Error> {
    let socket = Mutex::new(Some(socket));
    let connector = tower::service_fn(move |_: Uri| {
        let socket = lock(&socket).take();
        async move { socket.map(TokioIo::new).ok_or_else(|| io::Error::other("the link has ended")) }
    });
    Endpoint::from_static("http://ember.link")
        .initial_stream_window_size(server::STREAM_WINDOW)
        .initial_connection_window_size(server::CONNECTION_WINDOW)
        .max_frame_size(server::HTTP_FRAME)
        .connect_with_connector(connector)
        .await
}
