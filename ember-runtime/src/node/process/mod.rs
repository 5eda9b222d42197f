//! The node in its process and in its cluster: runtimes, signals, who bears its name.

#[cfg(feature = "cluster")]
mod door;
#[cfg(feature = "cluster")]
mod membership;
#[cfg(feature = "cluster")]
pub(crate) mod namesake;
pub(crate) mod runtime;
mod signals;
#[cfg(feature = "cluster")]
mod signs;

pub(crate) use self::signals::{Signals, Wish};
#[cfg(feature = "cluster")]
pub(crate) use self::{door::Door, membership::Membership, signs::Signs};
