//! What one node knows about reaching services: its own by number, others by the directory and the links.

#[cfg(feature = "cluster")]
mod departures;
mod described;
mod direct;
mod home;
mod hosted;
#[cfg(feature = "cluster")]
mod inbound;
mod lent_streams;
mod local_calls;
mod mixed;
mod open_calls;
mod probes;
mod router;

#[cfg(feature = "cluster")]
pub(crate) use self::departures::{Boarding, Departure};
pub use self::local_calls::LocalCalls;
pub(crate) use self::{
    home::{Ended, Home, Over, Poller},
    hosted::{Begin, Following, Wish},
    mixed::Mixed,
    open_calls::OpenCall,
    probes::Probe,
    router::Router,
};
