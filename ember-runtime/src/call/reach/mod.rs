//! The last step: to a service of this node, or over a link.

#[cfg(not(feature = "cluster"))]
mod alone;
#[cfg(feature = "cluster")]
mod away;
mod freight;
pub(crate) mod local;
mod patience;
#[cfg(feature = "cluster")]
mod remote;
mod shown;
mod streams;
mod waiting;

#[cfg(not(feature = "cluster"))]
pub(crate) use self::alone::{Away, WaitingAway};
#[cfg(feature = "cluster")]
pub(crate) use self::{
    away::{Away, WaitingAway},
    remote::{NODE_ITSELF, peer_of},
};
pub(crate) use self::{
    freight::{Answered, Freight, LadenOf, laden, put_args_of},
    shown::calling,
    waiting::{Asked, Waited, Waiting},
};
