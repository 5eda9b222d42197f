//! The network of a simulated host.

use std::{io, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::sleep;
use turmoil::net::{TcpListener, TcpStream};

use super::{sockets::Sockets, stream, weather::Weather};
use crate::{
    net::{BoxStream, Endpoint, Listener, Network},
    testing::trace::{Recorder, now},
};

/// How long the system of a host takes to say that nobody listens there.
const ROUND_TRIP: Duration = Duration::from_millis(4);

/// What one host makes connections with.
#[derive(Debug, Clone)]
pub(in crate::testing) struct SimNetwork {
    pub(in crate::testing) host: String,
    pub(in crate::testing) weather: Weather,
    pub(in crate::testing) recorder: Recorder,
    pub(in crate::testing) sockets: Sockets,
}

impl SimNetwork {
    fn wrap(&self, stream: TcpStream) -> BoxStream {
        stream::wrap(stream, &self.sockets, &self.weather, &self.recorder)
    }
}

impl Network for SimNetwork {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<BoxStream>> {
        async move {
            let address = tcp(endpoint)?;
            let peer = address.rsplit_once(':').map_or(address, |(host, _)| host);
            let late = self.weather.opening_delay();
            if !late.is_zero() {
                sleep(late).await;
            }
            let outcome = if self.weather.is_idle(peer) {
                // turmoil delivers nothing to it.
                sleep(ROUND_TRIP).await;
                Err(io::ErrorKind::ConnectionRefused.into())
            } else {
                TcpStream::connect(address).await
            };
            if self.weather.is_cut(&self.host, peer) {
                // turmoil tells of a packet that was swallowed, and needs none for the answer; a real network is silent.
                drop(outcome);
                return std::future::pending().await;
            }
            let result = outcome.as_ref().map_or("refused", |_| "connected");
            self.recorder.event(now(), format!("{} -> {address}: {result}", self.host));
            Ok(self.wrap(outcome?))
        }
        .boxed()
    }

    fn bind<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Box<dyn Listener>>> {
        async move {
            let listener = TcpListener::bind(tcp(endpoint)?).await?;
            Ok(Box::new(SimListener { listener, network: self.clone() }) as Box<dyn Listener>)
        }
        .boxed()
    }
}

fn tcp(endpoint: &Endpoint) -> io::Result<&str> {
    match endpoint {
        Endpoint::Tcp(address) => Ok(address),
        Endpoint::Unix(_) => {
            Err(io::Error::new(io::ErrorKind::Unsupported, "there are no Unix sockets in a simulation"))
        }
    }
}

struct SimListener {
    listener: TcpListener,
    network: SimNetwork,
}

impl Listener for SimListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxStream>> {
        async move {
            let (accepted, _) = self.listener.accept().await?;
            Ok(self.network.wrap(accepted))
        }
        .boxed()
    }

    fn local_endpoint(&self) -> io::Result<Endpoint> {
        Ok(Endpoint::Tcp(self.listener.local_addr()?.to_string()))
    }
}
