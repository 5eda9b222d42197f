//! The last step: to a service of this node, or over a link.

#[cfg(not(feature = "cluster"))]
mod alone;
#[cfg(feature = "cluster")]
mod away;
pub(crate) mod local;
mod patience;
#[cfg(feature = "cluster")]
mod remote;
mod streams;
mod waiting;

#[cfg(not(feature = "cluster"))]
pub(crate) use self::alone::{Away, WaitingAway};
pub(crate) use self::waiting::{Asked, Waited, Waiting};
#[cfg(feature = "cluster")]
pub(crate) use self::{
    away::{Away, WaitingAway},
    remote::{NODE_ITSELF, peer_of},
};
