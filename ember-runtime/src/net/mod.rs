//! Byte streams between processes: the seam where a simulation, TLS or another transport goes in. Knows nothing of who
//! talks over them.

mod endpoint;
mod os;

use std::{fmt::Debug, io};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

pub use self::{
    endpoint::{Endpoint, EndpointError},
    os::OsNetwork,
};

/// A byte stream in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// A [`Stream`] whose kind is decided at run time.
pub type BoxStream = Box<dyn Stream>;

/// Makes connections and listeners. [`OsNetwork`] is the real one.
pub trait Network: Debug + Send + Sync + 'static {
    /// Connects to `endpoint`.
    ///
    /// # Errors
    /// As the operating system reports them. No time-out is applied here: the caller has one.
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<BoxStream>>;

    /// Listens on `endpoint`; port 0 takes a free one.
    ///
    /// # Errors
    /// As the operating system reports them, for example that the address is in use.
    fn bind<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Box<dyn Listener>>>;
}

/// Accepts connections.
pub trait Listener: Send + 'static {
    /// The next connection.
    ///
    /// # Errors
    /// As the operating system reports them; the listener stays usable.
    ///
    /// # Cancel safety
    /// No connection is lost when the future is dropped.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxStream>>;

    /// Where it listens, with the real port.
    ///
    /// # Errors
    /// If the operating system no longer knows the socket.
    fn local_endpoint(&self) -> io::Result<Endpoint>;
}
