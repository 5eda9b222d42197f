//! The first messages of a control stream: nobody counts as a peer before them, and nobody tells a stranger who it is.
//!
//! | | from | message | says |
//! | --- | --- | --- | --- |
//! | 1 | dialler | opening | the protocol version (`u16`, little-endian), and its nonce |
//! | 2 | acceptor | `Result<`[`Greeting`]`, `[`Refusal`]`>` | its nonce, and "the run that you look for is here", signed |
//! | 3 | dialler | [`Signed`](super::proof::Signed) [`Hello`] | who it is and what it wants, signed |
//! | 4 | acceptor | `Result<`signed [`Welcome`]`, `[`Refusal`]`>` | the session, signed with the hello |
//!
//! All but the opening are postcard. The version never changes its place, nor do `Result` and the numbers of refusals,
//! to which variants may only be added at the end: nodes of different versions tell each other so, and that is the one
//! thing that is said to a stranger. The signature in the greeting says nothing to those who do not know the public key
//! that belongs to it; the dialler knows it from the registry, and says nothing of itself before it has been met. The acceptor
//! answers a hello that it cannot prove with [`Refusal::Unproven`], whatever is wrong with it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{control, proof::Nonce};
use crate::{
    id::{Incarnation, NodeKey},
    net::Endpoint,
};

/// Raised with every change of a format in this room. The contexts of [`proof.rs`](super::proof) name it too.
pub(super) const VERSION: u16 = 3;
/// The metadata of the data stream that names the session.
pub(super) const SESSION: &str = "ember-session";

/// What the accepting node says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Greeting {
    pub(super) nonce: Nonce,
    /// That of [`Claim::Here`](super::proof::Claim::Here).
    pub(super) signature: Vec<u8>,
}

/// What the dialling node says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) cluster: String,
    pub(super) from: NodeKey,
    pub(super) endpoint: Endpoint,
    /// Whom it believes to talk to.
    pub(super) expected: NodeKey,
    /// Grows with each dial of this node: tells a dial that crossed with an older link from one that replaces it.
    pub(super) dial: u64,
    pub(super) offer: Offer,
}

/// What a node takes from its peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    /// The largest message in bytes.
    pub(super) max_message: u64,
    /// The bytes of calls that may be here and not yet taken by a handler.
    pub(super) credit: u64,
}

/// Names a session to whoever joins another stream to it: nobody else can guess it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Token(pub(super) [u8; 16]);

/// A hello that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Welcome {
    pub(super) from: NodeKey,
    /// To be shown when the data stream is opened.
    pub(super) session: Token,
    /// The last dial that the accepting node has started: later ones of its are no older than this session.
    pub(super) dial: u64,
    pub(super) offer: Offer,
}

/// A hello that was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(super) enum Refusal {
    #[error("it could not read the hello: is this an Ember node?")]
    Unreadable,
    #[error("it speaks version {ours} of the link protocol, this node version {VERSION}: run one version of Ember")]
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
}

impl Refusal {
    /// Whether the same dial may well succeed in a moment.
    pub(super) fn can_pass(&self) -> bool {
        matches!(self, Self::DialInProgress | Self::Superseded | Self::Unproven)
    }
}

/// The opening as bytes.
pub(super) fn put_opening(nonce: &Nonce) -> Bytes {
    [&VERSION.to_le_bytes()[..], nonce].concat().into()
}

/// Reads an opening.
pub(super) fn get_opening(bytes: &[u8]) -> Result<Nonce, Unopened> {
    let (version, rest) = bytes.split_first_chunk().ok_or(Unopened::Unreadable)?;
    match u16::from_le_bytes(*version) {
        VERSION => rest.try_into().map_err(|_| Unopened::Unreadable),
        theirs => Err(Unopened::Version { theirs }),
    }
}

/// Why an opening was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unopened {
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
pub(super) fn put_refusal(refusal: Refusal) -> Bytes {
    control::encode(&Err::<(), _>(refusal))
}

/// Reads an answer of the acceptor.
pub(super) fn get_answer<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Refusal> {
    postcard::from_bytes(bytes).unwrap_or(Err(Refusal::Unreadable))
}
