//! The operating system's own sockets.

use std::{io, panic::AssertUnwindSafe};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::{Attach, BoxStream, Detached, Endpoint, Listener, Network, Stream};

const NO_IO: &str = "the tokio runtime has no I/O, which a node with peers needs: build it with `.enable_all()`";

/// TCP (without Nagle's delay) and Unix domain sockets.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsNetwork;

impl Network for OsNetwork {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<BoxStream>> {
        Box::pin(async move {
            Ok(match endpoint {
                Endpoint::Tcp(address) => tcp(TcpStream::connect(address).await?)?,
                Endpoint::Unix(path) => Box::new(UnixStream::connect(path).await?) as BoxStream,
            })
        })
    }

    fn bind<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Box<dyn Listener>>> {
        let bind = async move {
            Ok(match endpoint {
                Endpoint::Tcp(address) => Box::new(TcpListener::bind(address).await?) as Box<dyn Listener>,
                Endpoint::Unix(path) => Box::new(UnixListener::bind(path)?),
            })
        };
        // It panics where the runtime has no I/O, and there is no other way to ask.
        let bind = AssertUnwindSafe(bind).catch_unwind();
        Box::pin(bind.map(|bound| bound.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::Unsupported, NO_IO)))))
    }

    fn detach(&self, stream: BoxStream) -> Detached {
        let freed = free(stream, TcpStream::into_std, TcpStream::from_std)
            .or_else(|stream| free(stream, UnixStream::into_std, UnixStream::from_std));
        match freed {
            Ok(attach) => Detached::Anywhere(attach),
            Err(stream) => Detached::Here(stream),
        }
    }

    fn reset(&self, stream: &BoxStream) {
        if let Some(stream) = Stream::as_any(&**stream).downcast_ref::<TcpStream>() {
            // Where it fails the end is told in its turn.
            let _ = stream.set_zero_linger();
        }
    }

    fn works_anywhere(&self) -> bool {
        true
    }
}

/// Frees `stream` if it is a `T`.
fn free<T: Stream, S: Send + 'static>(
    stream: BoxStream,
    into_std: fn(T) -> io::Result<S>,
    from_std: fn(S) -> io::Result<T>,
) -> Result<Attach, BoxStream> {
    if !Stream::as_any(&*stream).is::<T>() {
        return Err(stream);
    }
    let stream = stream.into_any().downcast::<T>().expect("it is one");
    let free = into_std(*stream);
    Ok(Box::new(move || Ok(Box::new(from_std(free?)?) as BoxStream)))
}

fn tcp(stream: TcpStream) -> io::Result<BoxStream> {
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

impl Listener for TcpListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxStream>> {
        Box::pin(async move { tcp(TcpListener::accept(self).await?.0) })
    }

    fn local_endpoint(&self) -> io::Result<Endpoint> {
        Ok(Endpoint::Tcp(self.local_addr()?.to_string()))
    }
}

impl Listener for UnixListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxStream>> {
        Box::pin(async move { Ok(Box::new(UnixListener::accept(self).await?.0) as BoxStream) })
    }

    fn local_endpoint(&self) -> io::Result<Endpoint> {
        let address = self.local_addr()?;
        let path = address.as_pathname().ok_or_else(|| io::Error::other("an unnamed Unix socket has no address"))?;
        Ok(Endpoint::Unix(path.into()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Writes until nothing more is taken, and drops the stream; what the other end reads last.
    async fn last_read(reset: bool) -> io::Result<usize> {
        let mut listener = OsNetwork.bind(&Endpoint::Tcp("127.0.0.1:0".into())).await.unwrap();
        let endpoint = listener.local_endpoint().unwrap();
        let (near, far) = tokio::join!(OsNetwork.connect(&endpoint), listener.accept());
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        let sent = vec![7; 64 << 10];
        while near.write(&sent).now_or_never().is_some() {}
        if reset {
            OsNetwork.reset(&near);
        }
        drop(near);
        let mut chunk = vec![0; 64 << 10];
        loop {
            match far.read(&mut chunk).await {
                Ok(size) if size > 0 => {}
                end => return end,
            }
        }
    }

    #[tokio::test]
    async fn the_end_of_a_stream_that_is_reset_overtakes_what_was_sent_and_otherwise_comes_after_it() {
        assert_eq!(last_read(true).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(last_read(false).await.unwrap(), 0);
    }
}
