//! The first messages of a control stream: nobody counts as a peer before them, and nobody tells a stranger who it is.
//!
//! | | from | message | says |
//! | --- | --- | --- | --- |
//! | 1 | dialler | opening | the newest version that it speaks (`u16`, little-endian), its nonce, the oldest version; what follows is skipped |
//! | 2 | acceptor | `Result<`[`Greeting`]`, `[`Refusal`]`>` | the version of this link, its nonce, and "the run that you look for is here", signed |
//! | 3 | dialler | [`Signed`](crate::transport::protocol::Signed) [`Hello`] | who it is and what it wants, signed |
//! | 4 | acceptor | `Result<`signed [`Welcome`]`, `[`Refusal`]`>` | the session, signed with the hello |
//!
//! All but the opening are postcard, and end with [`Additions`]: what a node does not know of them it skips. What is signed names the version, and the
//! hello those that the dialler speaks, so that nobody between the nodes can talk them into an older one. The version never changes its place, nor do `Result` and the numbers of refusals,
//! to which variants may only be added at the end: nodes of different versions tell each other so, and that is the one
//! thing that is said to a stranger. The signature in the greeting says nothing to those who do not know the public key
//! that belongs to it; the dialler knows it from the registry, and says nothing of itself before it has been met. The acceptor
//! answers a hello that it cannot prove with [`Refusal::Unproven`], whatever is wrong with it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    additions::{Additions, Capabilities},
    versions::{OLDEST, VERSION, Versions},
};
use crate::{
    id::{Incarnation, NodeKey},
    net::Endpoint,
    transport::{protocol::Nonce, stream::control},
};

/// The metadata of the data stream that names the session.
pub(crate) const SESSION: &str = "ember-session";

/// What the accepting node says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Greeting {
    /// Of this link.
    pub(crate) version: u16,
    pub(crate) nonce: Nonce,
    /// That of [`Claim::Here`](crate::transport::protocol::Claim::Here), over what follows.
    pub(crate) signature: Vec<u8>,
    pub(crate) more: Additions,
}

/// What the dialling node says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) cluster: String,
    pub(crate) from: NodeKey,
    pub(crate) endpoint: Endpoint,
    /// Whom it believes to talk to.
    pub(crate) expected: NodeKey,
    /// Grows with each dial of this node: tells a dial that crossed with an older link from one that replaces it.
    pub(crate) dial: u64,
    pub(crate) grant: Grant,
    /// Those of its opening, which was not signed: somebody between the nodes may have changed them there.
    pub(crate) versions: Versions,
    pub(crate) capabilities: Capabilities,
    pub(crate) more: Additions,
}

/// What a node takes from its peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// The largest message in bytes.
    pub(crate) max_message: u64,
    /// The bytes of calls that may be here and not yet taken by a handler.
    pub(crate) credit: u64,
}

/// Names a session to whoever joins another stream to it: nobody else can guess it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Token(pub(crate) [u8; 16]);

/// A hello that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Welcome {
    pub(crate) from: NodeKey,
    /// To be shown when the data stream is opened.
    pub(crate) session: Token,
    /// The last dial that the accepting node has started: later ones of its are no older than this session.
    pub(crate) dial: u64,
    pub(crate) grant: Grant,
    pub(crate) capabilities: Capabilities,
    pub(crate) more: Additions,
}

/// A hello that was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it could not read the hello: is this an Ember node?")]
    Unreadable,
    #[error(
        "it speaks version {ours} of the link protocol, this node version {VERSION}: the two releases of Ember are too far apart, update the older one"
    )]
    Version { ours: u16 },
    #[error("it belongs to the cluster `{ours}`")]
    Cluster { ours: String },
    #[error("another node listens there: {actual}")]
    WrongNode { actual: NodeKey },
    #[error("it knows a newer run of this node: {newest}")]
    Stale { newest: Incarnation },
    #[error("it is dialling this node itself")]
    DialInProgress,
    #[error("it has a newer link to this node")]
    Superseded,
    #[error("it is shutting down")]
    ShuttingDown,
    #[error("it does not find this node in its registry (yet): do both have the same registry and the same cluster?")]
    Unproven,
    #[error("it denies this node a link: {reason}")]
    Denied { reason: String },
}

impl Refusal {
    /// Whether the same dial may well succeed in a moment.
    pub(crate) fn can_pass(&self) -> bool {
        matches!(self, Self::DialInProgress | Self::Superseded | Self::Unproven)
    }
}

/// The opening as bytes.
pub(crate) fn put_opening(nonce: &Nonce) -> Bytes {
    [&VERSION.to_le_bytes()[..], nonce, &OLDEST.to_le_bytes()].concat().into()
}

/// Reads an opening: the version to take, and the nonce.
pub(crate) fn get_opening(bytes: &[u8]) -> Result<(u16, Nonce), Unopened> {
    let (newest, rest) = bytes.split_first_chunk().ok_or(Unopened::Unreadable)?;
    let newest = u16::from_le_bytes(*newest);
    let read = rest
        .split_first_chunk::<32>()
        .and_then(|(nonce, rest)| Some((*nonce, u16::from_le_bytes(*rest.first_chunk()?))));
    // Up to version 3 there was one only, and other things after it.
    let Some((nonce, oldest)) = read.filter(|_| newest > 3) else {
        return Err(if newest > 3 && newest == VERSION {
            Unopened::Unreadable
        } else {
            Unopened::Version { theirs: newest }
        });
    };
    let version = Versions::OURS.common(Versions { newest, oldest }).ok_or(Unopened::Version { theirs: newest })?;
    Ok((version, nonce))
}

/// Why an opening was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unopened {
    Unreadable,
    Version { theirs: u16 },
}

impl From<Unopened> for Refusal {
    fn from(why: Unopened) -> Self {
        match why {
            Unopened::Unreadable => Self::Unreadable,
            Unopened::Version { .. } => Self::Version { ours: VERSION },
        }
    }
}

/// A refusal as bytes, in the place of a greeting or of a welcome.
pub(crate) fn put_refusal(refusal: Refusal) -> Bytes {
    control::encode(&Err::<(), _>(refusal))
}

/// Reads an answer of the acceptor.
pub(crate) fn get_answer<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Refusal> {
    postcard::from_bytes(bytes).unwrap_or(Err(Refusal::Unreadable))
}
