//! What a network is: what makes connections and listeners, and what those are.

use std::{any::Any, fmt::Debug, io};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Endpoint;

/// A byte stream in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// What it really is, for the [`Network`] that made it.
    fn as_any(&self) -> &dyn Any;

    /// The same, by value.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// A [`Stream`] whose kind is decided at run time.
pub type BoxStream = Box<dyn Stream>;

/// Makes a stream that was [detached](Network::detach) usable on the runtime on which it is called.
pub type Attach = Box<dyn FnOnce() -> io::Result<BoxStream> + Send>;

/// What became of a stream that was to be [detached](Network::detach).
pub enum Detached {
    /// It stays on the runtime on which it was made.
    Here(BoxStream),
    /// It may go to another one, and begin there.
    Anywhere(Attach),
}

impl Debug for Detached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Here(_) => "Here",
            Self::Anywhere(_) => "Anywhere",
        })
    }
}

/// Makes connections and listeners. [`OsNetwork`](super::OsNetwork) is the real one.
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

    /// Frees one of its streams from the runtime on which it was made, so that a node can watch it on a thread where
    /// handlers never run. By default it stays where it is: then a handler that blocks every worker of the node looks, to its
    /// peers, as if the node had died.
    fn detach(&self, stream: BoxStream) -> Detached {
        Detached::Here(stream)
    }

    /// The other end of this stream, which is dropped next, shall hear of its end at once: not after what it was sent before, which may
    /// not arrive. By default nothing is done: then it hears of it when it hears of it.
    fn reset(&self, stream: &BoxStream) {
        let _ = stream;
    }

    /// Whether connections and listeners can be made, and used, on whatever runtime: then the node's lease is renewed, and the
    /// embedded registry served, on threads where handlers never run. By default not: then a handler that blocks every worker
    /// of the node holds those up too. And whether the time that handlers take is that of the machine: then those that block their
    /// threads are named in the log.
    fn works_anywhere(&self) -> bool {
        false
    }
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
