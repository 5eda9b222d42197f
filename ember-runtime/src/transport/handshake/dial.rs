//! Dialling a peer: connection, hello, data stream.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{TryFutureExt, future::try_join};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::time::{sleep, timeout};
use tonic::{
    Streaming,
    body::Body,
    transport::{self, Channel, Uri},
};

use super::{opening, server};
use crate::{
    error::RefusedReason,
    net::Endpoint,
    sync::lock,
    transport::{
        entrance::{Additions, Capabilities, Greeting, Hello, Refusal, Socket, Versions, Welcome, hello},
        link::{DataWriter, NewSession, Pulse, Session, data},
        peers::{Connecting, How, LinkEvent, Links, State, WeakLinks, run},
        protocol::{Claim, Frame, Nonces, Peer, Signed, link_client::LinkClient},
        stream::{Control, ControlWriter, control},
    },
};

/// How often a dial that crossed with one of the peer's is made again.
const CROSSINGS: u32 = 5;

/// A link that the dialling side has made.
type Made = (Arc<Session>, Streaming<Frame>, Body, Pulse);

enum Failed {
    /// It crossed with the peer's own.
    Crossed(String),
    /// Nobody listens there.
    Deserted(String),
    For(String),
}

/// Tries to make a link, and tells those who wait.
pub(crate) async fn run(links: WeakLinks, peer: Peer, attempt: u64) {
    let mut crossings = 0;
    let (why, deserted) = loop {
        let Some(strong) = links.upgrade() else { return };
        let pause = strong.rng.jitter(strong.config.connect_timeout / 4);
        match Box::pin(dial(&strong, &peer, attempt)).await {
            Ok((session, control, data, pulse)) => {
                let mine = |how: &How| matches!(how, How::Dial { attempt: current, .. } if *current == attempt);
                if strong.raise(&session, mine) {
                    tokio::spawn(run::run(links, session, control, data, pulse));
                } else {
                    session.kill("a newer attempt took its place");
                }
                return;
            }
            Err(Failed::Crossed(why)) if crossings == CROSSINGS => break (why, false),
            // The peer's own dial will end this task, or has failed by then.
            Err(Failed::Crossed(_)) => {
                crossings += 1;
                drop(strong);
                sleep(pause.max(Duration::from_millis(5))).await;
            }
            Err(Failed::For(why)) => break (why, false),
            Err(Failed::Deserted(why)) => break (why, true),
        }
    };
    let Some(links) = links.upgrade() else { return };
    tracing::debug!(target: "ember::link", peer = %peer.key, endpoint = %peer.endpoint, why, "dial failed");
    fail(&links, &peer, attempt, (&why, deserted));
    links.tidy(peer.key.id);
}

fn fail(links: &Links, peer: &Peer, attempt: u64, (why, deserted): (&str, bool)) {
    let outcome = {
        let mut table = lock(&links.table);
        let Some(slot) = table.peers.get_mut(&peer.key.id) else { return };
        let State::Connecting(Connecting { how: How::Dial { attempt: current, .. }, .. }) = &slot.state else { return };
        if *current != attempt {
            return;
        }
        let Some(outcome) = slot.take_over(why, &links.events) else { return };
        slot.back_off(peer.key.incarnation, &links.rng);
        if deserted {
            links.events.push(LinkEvent::Deserted(peer.key));
        }
        outcome
    };
    links.events.tell(&*links.ingress);
    let refused = RefusedReason::Unreachable(format!("{}: {why}", peer.endpoint));
    // After the events: whoever waits looks whether the node has gone.
    outcome.send_replace(Some(Err(refused)));
}

/// Whether an attempt to connect failed because nobody listens there: the system of the peer says so, which it would not if it
/// were gone too.
fn is_deserted(endpoint: &Endpoint, error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => true,
        // The socket was removed.
        io::ErrorKind::NotFound => matches!(endpoint, Endpoint::Unix(_)),
        _ => false,
    }
}

async fn dial(links: &Arc<Links>, peer: &Peer, attempt: u64) -> Result<Made, Failed> {
    if let Err(reason) = links.ingress.admit(peer.key) {
        return Err(Failed::For(format!("this node denies it a link: {reason}")));
    }
    let limit = links.config.connect_timeout;
    let stream = match timeout(limit, links.network.connect(&peer.endpoint)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) if is_deserted(&peer.endpoint, &error) => return Err(Failed::Deserted(error.to_string())),
        Ok(Err(error)) => return Err(Failed::For(error.to_string())),
        Err(_) => return Err(Failed::For(format!("no connection within {limit:?}"))),
    };
    let socket = links.sockets.dialled(stream, limit + Duration::from_secs(1));
    match timeout(limit, greet(links, peer, attempt, socket)).await {
        Ok(made) => made,
        Err(_) => Err(Failed::For(format!("no answer to the hello within {limit:?}"))),
    }
}

/// A connection whose other end has proven who it is.
pub(crate) struct Met {
    channel: Channel,
    control: Arc<Control>,
    incoming: Streaming<Frame>,
    nonces: Nonces,
}

/// Asks who is there. This node says nothing of itself, and the answer says something only to whoever knows the public key of
/// the peer.
pub(crate) async fn meet(links: &Links, peer: &Peer, socket: Socket) -> Result<Met, String> {
    let channel = channel(socket).await.map_err(|error| error.to_string())?;
    let mut client = LinkClient::new(channel.clone()).max_decoding_message_size(control::MAX_CONTROL);
    let dialler = links.rng.secret();
    let control = Control::new(hello::put_opening(&dialler), links.config.credit);
    let mut incoming = client.control(ControlWriter(control.clone())).await.map_err(broken)?.into_inner();
    let Greeting { version, nonce, signature, more } = answer(&mut incoming).await?.map_err(refused)?;
    if Versions::OURS.common(Versions { newest: version, oldest: version }) != Some(version) {
        return Err(format!("it takes version {version} of the link protocol, which it was not offered"));
    }
    let nonces = Nonces { version, dialler, acceptor: nonce };
    let Some(key) = &peer.public_key else {
        return Err("the registry has no public key of it: it runs an older release of Ember, update it".into());
    };
    if !nonces.verify(key, Claim::Here, &[&control::encode(&more)], &signature) {
        return Err("another node listens there, or another run of it".into());
    }
    Ok(Met { channel, control, incoming, nonces })
}

async fn answer<T: for<'de> Deserialize<'de>>(incoming: &mut Streaming<Frame>) -> Result<Result<T, Refusal>, String> {
    let frame = incoming.message().await.map_err(broken)?;
    Ok(hello::get_answer(&frame.ok_or("the peer closed the connection")?.data))
}

fn broken(status: tonic::Status) -> String {
    format!("not a working link: {}", status.message())
}

fn refused(refusal: Refusal) -> String {
    format!("the node refused the link: {refusal}")
}

async fn greet(links: &Arc<Links>, peer: &Peer, attempt: u64, socket: Socket) -> Result<Made, Failed> {
    let sever = socket.sever();
    let Met { channel, control, mut incoming, nonces } = meet(links, peer, socket).await.map_err(Failed::For)?;
    let dial = links.claim(peer, attempt).ok_or_else(|| Failed::For("a newer attempt took its place".into()))?;
    let hello = control::encode(&Hello {
        cluster: links.identity.cluster.clone(),
        from: links.identity.node,
        endpoint: links.identity.endpoint.clone(),
        expected: peer.key,
        dial,
        grant: links.grant(),
        versions: Versions::OURS,
        capabilities: Capabilities::ours(),
        more: Additions::default(),
    });
    let signature = links.identity.key_pair.sign(&nonces, Claim::Hello, &[&hello]);
    control.say(control::encode(&Signed { body: hello.to_vec(), signature }));
    let Signed { body, signature } = answer(&mut incoming).await.map_err(Failed::For)?.map_err(|refusal| {
        if refusal.can_pass() { Failed::Crossed(refused(refusal)) } else { Failed::For(refused(refusal)) }
    })?;
    let proven = |key| nonces.verify(key, Claim::Welcome, &[&hello, &body], &signature);
    let welcome = postcard::from_bytes::<Welcome>(&body).ok().filter(|welcome| welcome.from == peer.key);
    let Some(welcome) = welcome.filter(|_| peer.public_key.as_ref().is_some_and(proven)) else {
        return Err(Failed::For(
            "it did not prove who it is: something between the nodes changes what they say".into(),
        ));
    };
    sever.mark_known();
    let new = NewSession {
        number: links.next_number(),
        peer: peer.key,
        peer_dial: welcome.dial,
        grant: welcome.grant,
        capabilities: welcome.capabilities,
        control,
        sever,
        workers: Arc::clone(&links.workers),
    };
    let session = Session::new(new, &links.config, &links.ingress);
    let body = Body::new(DataWriter::request(session.clone()));
    let second = opening::open(links, peer, welcome.session).map_err(|error| format!("its heartbeat: {error}"));
    match try_join(data::open(channel, body, welcome.session), second).await {
        Ok((data, pulse)) => Ok((session, incoming, data, pulse)),
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
async fn channel(socket: Socket) -> Result<Channel, tonic::transport::Error> {
    let socket = Mutex::new(Some(socket));
    let connector = tower::service_fn(move |_: Uri| {
        let socket = lock(&socket).take();
        async move { socket.map(TokioIo::new).ok_or_else(|| io::Error::other("the link has ended")) }
    });
    transport::Endpoint::from_static("http://ember.link")
        .initial_stream_window_size(server::STREAM_WINDOW)
        .initial_connection_window_size(server::CONNECTION_WINDOW)
        .max_frame_size(server::HTTP_FRAME)
        .connect_with_connector(connector)
        .await
}
