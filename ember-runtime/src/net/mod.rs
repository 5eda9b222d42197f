//! Byte streams between processes: the seam where a simulation, TLS or another transport goes in. Knows nothing of who
//! talks over them.

#[cfg(feature = "cluster")]
mod aside;
mod endpoint;
mod network;
mod os;

#[cfg(feature = "cluster")]
pub(crate) use self::aside::PULSE;
#[cfg(all(unix, feature = "embedded"))]
pub(crate) use self::aside::REGISTRY;
#[cfg(feature = "cluster")]
pub(crate) use self::endpoint::missing;
pub use self::{
    endpoint::{Endpoint, EndpointError},
    network::{Attach, BoxStream, Detached, Listener, Network, Stream},
    os::OsNetwork,
};
