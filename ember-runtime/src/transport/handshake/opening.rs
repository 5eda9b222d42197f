//! How the connection for signs of life begins. Whoever has dialled a link opens it to the same listener: a byte that begins no
//! HTTP/2 connection, the version, and the token by which the other node knows the link. The answer is one byte. Whoever does not
//! know a token learns nothing, and its connection ends.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::transport::{
    entrance::{Socket, Token},
    link::Pulse,
    peers::{Links, WeakLinks},
    protocol::{LinkConfig, Peer},
};

/// The first byte; HTTP/2 begins with a `P`.
const OPENING: u8 = 0xe5;
const VERSION: u8 = 1;
/// The answer to a token that is known.
const WELCOME: u8 = 1;

/// Opens the connection of the link that `peer` knows by `token`. The caller limits the time.
pub(crate) async fn open(links: &Links, peer: &Peer, token: Token) -> io::Result<Pulse> {
    let LinkConfig { connect_timeout, .. } = links.config;
    let stream = links.network.connect(&peer.endpoint).await?;
    let mut socket = links.sockets.dialled(stream, connect_timeout * 2);
    let mut opening = vec![OPENING, VERSION];
    opening.extend_from_slice(&token.0);
    socket.write_all(&opening).await?;
    socket.flush().await?;
    match socket.read_u8().await? {
        WELCOME => Ok(Pulse::of(socket, Arc::clone(&links.network))),
        _ => Err(io::Error::other("the answer of something else")),
    }
}

/// Looks at the first byte of a connection that was accepted: one for signs of life goes to its link, any other is given back.
/// The socket itself limits the time.
pub(crate) async fn sort(mut socket: Socket, links: WeakLinks) -> Option<Socket> {
    let first = socket.read_u8().await.ok()?;
    if first != OPENING {
        socket.replay(first);
        return Some(socket);
    }
    if let Err(error) = join(socket, &links).await {
        tracing::debug!(target: "ember::link", %error, "a connection for heartbeats was dropped");
    }
    None
}

async fn join(mut socket: Socket, links: &WeakLinks) -> io::Result<()> {
    let mut rest = [0; 17];
    socket.read_exact(&mut rest).await?;
    let [version, token @ ..] = rest;
    if version != VERSION {
        return Err(io::Error::other("it speaks another version"));
    }
    let unknown = || io::Error::other("it belongs to no link");
    let links = links.upgrade().ok_or_else(unknown)?;
    let expected = links.pulses.take(Token(token)).ok_or_else(unknown)?;
    socket.sever().mark_known();
    timeout(links.config.connect_timeout, socket.write_all(&[WELCOME])).await??;
    drop(links);
    expected.send(socket).map_err(|_| unknown())
}
