//! What those can do who find a node's port: nothing, and they learn nothing.

use std::sync::Arc;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Streaming, transport::Channel};

use super::support::*;
use crate::{
    error::RefusedReason,
    id::NodeKey,
    net::OsNetwork,
    rng::Rng,
    sync::lock,
    transport::{
        entrance::{
            ALLOWANCE, Additions, Capabilities, Grant, Greeting, Hello, Refusal, VERSION, Versions, Welcome, hello,
        },
        protocol::{Claim, Frame, LinkConfig, Nonces, Signed, link_client::LinkClient},
        stream::{MAX_CONTROL, encode},
    },
};

/// Somebody who knows the protocol.
struct Stranger {
    out: mpsc::Sender<Frame>,
    incoming: Streaming<Frame>,
    channel: Channel,
    /// All that it was told.
    told: Vec<u8>,
}

impl Stranger {
    async fn open(to: &Node, opening: impl Into<bytes::Bytes>) -> Self {
        let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", to.peer.endpoint)).unwrap();
        let channel = channel.connect().await.unwrap();
        let (out, frames) = mpsc::channel(8);
        out.send(Frame { data: opening.into() }).await.unwrap();
        let mut client = LinkClient::new(channel.clone());
        let answer = client.control(ReceiverStream::new(frames));
        let incoming = soon("an answer", answer).await.unwrap().into_inner();
        Self { out, incoming, channel, told: Vec::new() }
    }

    /// Meets a node.
    async fn meet(to: &Node) -> (Self, Nonces) {
        let dialler = Rng::from_entropy().secret();
        let mut stranger = Self::open(to, hello::put_opening(&dialler)).await;
        let Greeting { version, nonce, signature, more } = stranger.answer().await.unwrap();
        let nonces = Nonces { version, dialler, acceptor: nonce };
        assert!(nonces.verify(&key_pair(to.peer.key).public(), Claim::Here, &[&encode(&more)], &signature));
        (stranger, nonces)
    }

    async fn say(&self, message: &impl Serialize) {
        self.out.send(Frame { data: encode(message) }).await.unwrap();
    }

    async fn answer<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, Refusal> {
        let answer = soon("an answer", self.incoming.message()).await.unwrap().expect("the stream ended");
        self.told.extend_from_slice(&answer.data);
        hello::get_answer(&answer.data)
    }

    /// What comes of this hello.
    async fn claim(&mut self, signed: &Signed) -> Result<Signed, Refusal> {
        self.say(signed).await;
        self.answer().await
    }
}

fn hello_of(from: NodeKey, to: &Node, dial: u64) -> Hello {
    Hello {
        cluster: "test".into(),
        from,
        endpoint: "a:1".parse().unwrap(),
        expected: to.peer.key,
        dial,
        grant: Grant { max_message: 1 << 20, credit: 1 << 20 },
        versions: Versions::OURS,
        capabilities: Capabilities::ours(),
        more: Additions::default(),
    }
}

fn sign(hello: &Hello, by: NodeKey, nonces: &Nonces) -> Signed {
    let body = encode(hello).to_vec();
    let signature = key_pair(by).sign(nonces, Claim::Hello, &[&body]);
    Signed { body, signature }
}

#[tokio::test]
async fn a_forged_hello_changes_nothing() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let thief = key(3, 1);
    let whole = |from: NodeKey| hello_of(from, &b, u64::MAX);
    let (_, other) = Stranger::meet(&b).await;
    let forged: [&dyn Fn(&Nonces) -> Signed; 5] = [
        // Of the run that is linked, and of a newer one; signed with another key.
        &|nonces| sign(&whole(a.peer.key), thief, nonces),
        &|nonces| sign(&whole(key(1, 2)), a.peer.key, nonces),
        // Changed after it was signed.
        &|nonces| Signed {
            body: encode(&whole(a.peer.key)).to_vec(),
            ..sign(&hello_of(a.peer.key, &b, 1), a.peer.key, nonces)
        },
        // Signed for another connection.
        &|_| sign(&whole(a.peer.key), a.peer.key, &other),
        &|_| Signed { body: b"nonsense".to_vec(), signature: Vec::new() },
    ];
    for (which, forge) in forged.iter().enumerate() {
        let (mut stranger, nonces) = Stranger::meet(&b).await;
        assert_eq!(stranger.claim(&forge(&nonces)).await, Err(Refusal::Unproven), "{which}");
    }
    assert!(a.links.is_up(b.peer.key) && b.links.is_up(a.peer.key));
    assert_eq!(lock(&b.links.table).peers[&a.peer.key.id].newest, a.peer.key.incarnation);
    assert_eq!((a.services.events().len(), b.services.events().len()), (1, 1));
    assert_eq!(value(a.call(&b, ECHO, b"fine").await), b"fine"[..]);
}

#[tokio::test]
async fn a_node_of_a_later_release_is_welcome_with_all_that_is_not_known_here() {
    let b = Node::tcp(key(2, 1), LinkConfig::default()).await;
    let from = key(1, 1);
    let nonce: [u8; 32] = Rng::from_entropy().secret();
    let later = [&(VERSION + 1).to_le_bytes()[..], &nonce, &VERSION.to_le_bytes(), b"and more"].concat();
    let mut stranger = Stranger::open(&b, later).await;
    let greeting = stranger.answer::<Greeting>().await.unwrap();
    assert_eq!(greeting.version, VERSION, "the newest that both speak");
    let nonces = Nonces { version: VERSION, dialler: nonce, acceptor: greeting.nonce };
    let more = Additions([(77, b"of a later release".to_vec())].into());
    let versions = Versions { newest: VERSION + 1, oldest: VERSION };
    let hello = Hello { versions, capabilities: Capabilities::of([1, 500]), more, ..hello_of(from, &b, 1) };
    let Signed { body, .. } = stranger.claim(&sign(&hello, from, &nonces)).await.unwrap();
    let welcome: Welcome = postcard::from_bytes(&body).unwrap();
    assert_eq!((welcome.from, welcome.capabilities), (b.peer.key, Capabilities::ours()));
    // Somebody between the nodes who talks them into another version is found out.
    let mut stranger = Stranger::open(&b, hello::put_opening(&nonce)).await;
    let acceptor = stranger.answer::<Greeting>().await.unwrap().nonce;
    let nonces = Nonces { version: VERSION - 1, dialler: nonce, acceptor };
    assert_eq!(stranger.claim(&sign(&hello_of(from, &b, 2), from, &nonces)).await, Err(Refusal::Unproven));
    // Also if both were told the same, which only the hello can contradict.
    let (mut stranger, nonces) = Stranger::meet(&b).await;
    let versions = Versions { newest: VERSION + 2, oldest: VERSION + 1 };
    let hello = Hello { versions, ..hello_of(from, &b, 3) };
    assert_eq!(stranger.claim(&sign(&hello, from, &nonces)).await, Err(Refusal::Unproven));
}

#[tokio::test]
async fn a_hello_is_good_once_and_what_it_is_answered_is_proven() {
    let b = Node::tcp(key(2, 1), LinkConfig::default()).await;
    let from = key(1, 1);
    let (mut first, nonces) = Stranger::meet(&b).await;
    let signed = sign(&hello_of(from, &b, 1), from, &nonces);
    let Signed { body, signature } = first.claim(&signed).await.unwrap();
    assert!(nonces.verify(&key_pair(b.peer.key).public(), Claim::Welcome, &[&signed.body, &body], &signature));
    assert_eq!(postcard::from_bytes::<Welcome>(&body).unwrap().from, b.peer.key);
    // Whoever has listened says it again.
    let (mut second, _) = Stranger::meet(&b).await;
    assert_eq!(second.claim(&signed).await, Err(Refusal::Unproven));
    // On the first one's connection too: there is one hello on each.
    let again = futures_util::stream::iter([Frame { data: hello::put_opening(&[7; 32]) }]);
    let refused = LinkClient::new(first.channel.clone()).control(again).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
}

/// Whether `told` has `part` in it, as bytes, or as a number of any of the formats in use.
fn holds(told: &[u8], part: &[u8]) -> bool {
    told.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_stranger_learns_neither_the_id_nor_the_cluster() {
    let node = key(0x1122_3344_5566_7788, 0x99aa_bbcc_ddee);
    let local = "127.0.0.1:0".parse().unwrap();
    let b = Node::at(&local, node, Arc::new(OsNetwork), LinkConfig::default(), "secret-cluster").await;
    let mut told = Vec::new();
    // One who was not heard of, one who is another, one who means another, one with another version, and one with nonsense.
    lock(&b.services.unlisted).insert(key(5, 1).id);
    for (from, by) in [(key(5, 1), key(5, 1)), (key(6, 1), key(5, 1)), (node, key(5, 1))] {
        let (mut stranger, nonces) = Stranger::meet(&b).await;
        let started = tokio::time::Instant::now();
        assert_eq!(stranger.claim(&sign(&hello_of(from, &b, 1), by, &nonces)).await, Err(Refusal::Unproven));
        assert!(started.elapsed() >= LinkConfig::default().connect_timeout / 2, "how long it took tells whom it knows");
        told.extend(stranger.told);
    }
    for opening in [&[2, 0, 7, 7, 7][..], &[9, 0], b"x", &hello::put_opening(&[0; 32])[..20]] {
        let mut stranger = Stranger::open(&b, opening.to_vec()).await;
        assert!(stranger.answer::<Greeting>().await.is_err());
        told.extend(stranger.told);
    }
    // What HTTP/2 says besides.
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"] {
        let mut stream = TcpStream::connect(b.peer.endpoint.to_string()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let _ = soon("the end of the connection", stream.read_to_end(&mut told)).await;
    }
    assert!(told.len() > 300, "{} bytes", told.len());
    let secrets = [
        b"secret-cluster".to_vec(),
        postcard::to_stdvec(&node.id).unwrap(),
        postcard::to_stdvec(&node.incarnation).unwrap(),
        node.id.0.to_le_bytes().to_vec(),
        node.id.0.to_be_bytes().to_vec(),
        node.id.to_string().into_bytes(),
        node.incarnation.to_string().into_bytes(),
        key_pair(node).public().0.to_vec(),
    ];
    for secret in secrets {
        assert!(!holds(&told, &secret), "{secret:?}");
    }
}

#[tokio::test]
async fn a_dialler_tells_nothing_to_whom_it_has_not_met() {
    let a = Node::tcp(key(1, 1), LinkConfig::default()).await;
    let other = Node::tcp(key(3, 1), LinkConfig::default()).await;
    // The address belongs to another node by now, which would know the dialler.
    let refused = soon("a refusal", a.links.ready(&peer(key(2, 1), other.peer.endpoint.clone()))).await.unwrap_err();
    assert!(refused.to_string().contains("another node listens there"), "{refused}");
    assert!(lock(&other.links.table).peers.is_empty());
}

#[tokio::test]
async fn another_version_is_told_apart_whatever_follows_it() {
    let b = Node::tcp(key(2, 1), LinkConfig::default()).await;
    // As an older node begins, whose answer has its old place.
    let mut older = Stranger::open(&b, [2, 0, 4, b't', b'e', b's', b't', 1, 1].to_vec()).await;
    let refusal = older.answer::<Greeting>().await.unwrap_err();
    assert_eq!(refusal, Refusal::Version { ours: VERSION });
    assert_eq!(older.told, [1, 1, VERSION as u8], "an older node reads it so");
    // And what an older node answers to this one's opening.
    let answer = hello::get_answer::<Greeting>(&[1, 1, 2]).unwrap_err();
    assert!(answer.to_string().contains("it speaks version 2 of the link protocol, this node version 4"), "{answer}");
    assert!(answer.to_string().contains("update the older one"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_not_known_yet_is_waited_for() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    lock(&b.services.unlisted).insert(a.peer.key.id);
    let listed = async {
        until("the hello", || b.links.sockets.count() == 1).await;
        // tidy: sleep: the news of a node is late, within the patience of one dial, and later than that; the clock is paused
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        lock(&b.services.unlisted).clear();
        b.services.listed.notify_waiters();
    };
    let (ready, ()) = soon("a link", async { tokio::join!(a.links.ready(&b.peer), listed) }).await;
    assert_eq!(ready, Ok(()));
    both_up(&a, &b).await;
}

#[tokio::test]
async fn a_node_that_nobody_knows_is_refused_with_a_reason_that_helps() {
    let a = Node::tcp(key(1, 1), LinkConfig::default()).await;
    let b = Node::tcp(key(2, 1), LinkConfig::default()).await;
    lock(&b.services.unlisted).insert(a.peer.key.id);
    let refused = soon("a refusal", a.links.ready(&b.peer)).await.unwrap_err();
    assert!(matches!(&refused, RefusedReason::Unreachable(why) if why.contains("the same registry")), "{refused}");
    assert!(b.services.events().is_empty() && lock(&b.links.table).peers.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_strangers_keeps_no_peer_away() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let address = b.peer.endpoint.to_string();
    // Idle ones, ones that send garbage, ones that begin well.
    let mut crowd = Vec::new();
    for number in 0..1_000 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        match number % 4 {
            0 => stream.write_all(&[b'x'; 512]).await.unwrap_or_default(),
            1 => stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap_or_default(),
            _ => {}
        }
        crowd.push(stream);
        // The link that is up has two more.
        assert!(b.links.sockets.count() <= 258, "{} connections", b.links.sockets.count());
    }
    for id in 3..8 {
        let peer = Node::tcp(key(id, 1), LinkConfig::default()).await;
        until("a link", || b.links.sockets.strangers.count() <= 256 && a.links.is_up(b.peer.key)).await;
        let linked = async { while peer.links.ready(&b.peer).await.is_err() {} };
        soon("a link in the crowd", linked).await;
        both_up(&peer, &b).await;
        assert_eq!(value(peer.call(&b, ECHO, b"fine").await), b"fine"[..]);
        assert_eq!(value(a.call(&b, ECHO, b"fine").await), b"fine"[..]);
    }
    assert_eq!(a.services.events().len(), 1, "{:?}", a.services.events());
    // Nobody stays who does not say who it is.
    let ends = crowd.iter_mut().map(|stream| async { stream.read_to_end(&mut Vec::new()).await });
    let _ = soon("all strangers to be cut off", join_all(ends)).await;
    until("no stranger to be left", || b.links.sockets.strangers.count() == 0).await;
}

#[tokio::test]
async fn a_stranger_may_send_little() {
    let b = Node::tcp(key(2, 1), LinkConfig::default()).await;
    // A message that is announced as larger than any of the control stream, and more small frames than a hello needs.
    let (stranger, _) = Stranger::meet(&b).await;
    let (mut incoming, out) = (stranger.incoming, stranger.out);
    for _ in 0..ALLOWANCE / 100 {
        let sent = out.send(Frame { data: vec![0; MAX_CONTROL / 64].into() }).await;
        if sent.is_err() {
            break;
        }
    }
    soon("the end of the connection", async { while let Ok(Some(_)) = incoming.message().await {} }).await;
    // The head of an HTTP/2 frame of half a MiB.
    let mut stream = TcpStream::connect(b.peer.endpoint.to_string()).await.unwrap();
    let begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\x08\0\0\0\0\0\0\0\x01";
    stream.write_all(begin).await.unwrap();
    let _ = soon("the end of the connection", stream.read_to_end(&mut Vec::new())).await;
    until("no connection to be left", || b.links.sockets.count() == 0).await;
}
