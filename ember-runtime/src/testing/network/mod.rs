//! The network between hosts, as their processes have it. Knows no node.

mod kernel;
mod sockets;
mod stream;
mod system;
mod weather;

pub(super) use self::{kernel::Kernel, sockets::Sockets, system::SimNetwork, weather::Weather};
