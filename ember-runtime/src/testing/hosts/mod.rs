//! Hosts and what runs on them: nodes, and the registry. Knows nobody who drives them.

mod host;
mod ledger;
mod process;
mod registry;
mod skew;

pub use self::host::NodeDown;
#[cfg(test)]
pub(super) use self::ledger::Begun;
pub(super) use self::{
    host::{Build, Host, State, Work},
    ledger::{Acted, End, Entry, Ledger},
    process::{Endless, Process},
    registry::{HOST, RegistryHost},
};
