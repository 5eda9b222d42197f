//! What a framework has to offer to be measured.

use bytes::Bytes;

use crate::Args;

/// A handle to one running service; clones are for further callers.
///
/// Each framework implements what it has; the runner asks for nothing else, so that the default bodies are never met.
pub trait Service: Clone + Send + Sync + 'static {
    /// A call: the handler adds and answers at once.
    fn sum(&self, a: i64, b: i64) -> impl Future<Output = i64> + Send;

    /// A call whose handler awaits `tokio::task::yield_now()` before it answers.
    fn sum_later(&self, _a: i64, _b: i64) -> impl Future<Output = i64> + Send {
        async { panic!("no handlers that await") }
    }

    /// A call whose payload comes back.
    fn echo(&self, _body: Bytes) -> impl Future<Output = Bytes> + Send {
        async { panic!("no payloads") }
    }

    /// Sends `n` messages one way, from one sender, as fast as the service takes them; then waits until all are dealt with,
    /// and says how many of these `n` were handled.
    fn send(&self, _n: u64) -> impl Future<Output = u64> + Send {
        async { panic!("nothing one way") }
    }

    /// The share of calls so far that ran on their caller, where there is such a thing.
    fn short_path(&self) -> Option<f64> {
        None
    }
}

/// A framework with services in this process.
pub trait Local: Service {
    /// Starts one service more.
    fn start(args: &Args) -> impl Future<Output = Self> + Send;

    /// What is made before the first service, such as a node; by [`local`](crate::local), on the thread of `main`.
    fn prepare(_args: &Args) -> impl Future<Output = ()> {
        async {}
    }
}

/// A framework with services in another process.
pub trait Remote: Service {
    /// In the server process: serves until the process ends. Calls [`announce`](crate::announce) as soon as it can be reached.
    fn serve(args: Args) -> impl Future<Output = ()>;

    /// In the client process: reaches the service that announced `address`.
    fn connect(args: Args, address: String) -> impl Future<Output = Self>;
}
