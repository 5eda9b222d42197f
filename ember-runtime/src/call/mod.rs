//! Calling: clients, the call as a future, and the way from an address to an answer. The same for a service on this node
//! and on another; only the middle differs.

mod clients;
mod outages;
mod paths;
mod reach;
mod requests;
mod routes;

#[cfg(feature = "cluster")]
pub(crate) use self::reach::{NODE_ITSELF, peer_of};
#[cfg(feature = "testing")]
pub(crate) use self::requests::inputs;
pub use self::{
    clients::{
        Address, Call, CallByName, CallMany, ChoosesOne, Client, Filtered, Handle, HasClient, HasLocalClient, KeyOf,
        Kind, Local, Many, ModulesClient, OnThisNode, Once, OnceId, One, OneWayOnce, Origin, Reached, Select, Sent,
    },
    outages::RetryBudget,
    requests::{Repeat, Request, Retry, RetryMaybeExecuted, RetryPolicy},
    routes::LocalCalls,
};
pub(crate) use self::{
    outages::{OutageSettings, Outages},
    paths::far,
    requests::{
        CloseStream, Describe, EndOf, Entries, EntriesOf, HowFar, LearnFrom, More, OutcomeOf, OwedCall, Piece, PieceOf,
        Promise, Question, Replicate,
    },
    routes::{Begin, Following, Over, Router, Wish},
};
