//! The first message in each direction of a control stream: nobody counts as a peer before it.
//!
//! A hello is the protocol version (`u16`, little-endian), which never changes its place, then postcard of [`Hello`]. The
//! answer is postcard of `Result<Welcome, Refusal>`, to which variants may only be added at the end.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{control, outbox::Outbox};
use crate::{
    id::{Incarnation, NodeKey},
    net::Endpoint,
};

/// Raised with every change of a format in this room.
pub(super) const VERSION: u16 = 2;
/// The metadata of the data stream that names the session.
pub(super) const SESSION: &str = "ember-session";

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

impl Offer {
    /// What may be sent to a peer that offers this.
    pub(super) fn outbox(self, born: Instant) -> Outbox {
        Outbox::new(self.credit, born)
    }
}

/// A hello that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Welcome {
    pub(super) from: NodeKey,
    /// Names the session; to be shown when the data stream is opened.
    pub(super) session: u64,
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
}

impl Refusal {
    /// Whether the same dial may well succeed in a moment.
    pub(super) fn can_pass(&self) -> bool {
        matches!(self, Self::DialInProgress | Self::Superseded)
    }
}

/// The hello as bytes.
pub(super) fn put(hello: &Hello) -> Bytes {
    let mut out = VERSION.to_le_bytes().to_vec();
    out.extend_from_slice(&control::encode(hello));
    out.into()
}

/// Reads a hello.
pub(super) fn get(bytes: &[u8]) -> Result<Hello, Refusal> {
    let (version, rest) = bytes.split_first_chunk().ok_or(Refusal::Unreadable)?;
    if u16::from_le_bytes(*version) != VERSION {
        return Err(Refusal::Version { ours: VERSION });
    }
    postcard::from_bytes(rest).map_err(|_| Refusal::Unreadable)
}

/// Reads the answer to a hello.
pub(super) fn get_answer(bytes: &[u8]) -> Result<Welcome, Refusal> {
    postcard::from_bytes(bytes).unwrap_or(Err(Refusal::Unreadable))
}
