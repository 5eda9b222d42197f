//! Calling: clients, the call as a future, and the way from an address to an answer. The same for a service on this node
//! and on another; only the middle differs.

mod address;
#[cfg(not(feature = "cluster"))]
mod alone;
mod args;
mod attempt;
#[cfg(feature = "cluster")]
mod away;
mod choosing;
mod client;
mod cx;
#[cfg(feature = "cluster")]
mod departures;
mod direct;
mod handle;
mod home;
mod inherited;
mod kind;
mod local;
mod local_calls;
mod many;
mod mixed;
mod mounted;
mod numbers;
mod one_way;
mod outcome;
mod patience;
#[cfg(feature = "cluster")]
mod remote;
mod repeat;
mod request;
mod resolved;
mod retry;
mod router;
mod select;
mod short;
mod single;
mod target;
mod waiting;

#[cfg(not(feature = "cluster"))]
use self::alone::{Away, WaitingAway};
#[cfg(feature = "cluster")]
use self::away::{Away, WaitingAway};
#[cfg(feature = "cluster")]
pub(crate) use self::remote::{NODE_ITSELF, peer_of};
pub use self::{
    address::{Address, Origin},
    client::{Client, HasClient},
    handle::Handle,
    kind::{Kind, Local, Many, OnThisNode, One},
    local_calls::LocalCalls,
    many::{CallMany, Sent},
    mounted::{ModulesClient, Reached},
    request::Request,
    retry::{Repeat, Retry, RetryMaybeExecuted, RetryPolicy},
    select::Select,
    single::Call,
};
pub(crate) use self::{home::Over, router::Router};
