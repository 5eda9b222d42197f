//! What a node shows, and where.

use std::net::{IpAddr, SocketAddr};

use crate::error::{Error, Result};

/// What a node shows of itself: [`NodeBuilder::telemetry`](crate::node::NodeBuilder::telemetry).
///
/// ```
/// # use ember_runtime::{node::Node, telemetry::Telemetry};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ember_runtime::error::Result<()> {
/// let node = Node::builder().telemetry(Telemetry::default().listen("127.0.0.1:0")).start().await?;
/// println!("http://{}/metrics", node.telemetry_address().expect("it listens"));
/// # node.shutdown().await
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "give it to `NodeBuilder::telemetry`"]
pub struct Telemetry {
    listen: Option<String>,
    to_everyone: bool,
}

impl Telemetry {
    /// Serves `/metrics`, `/healthz`, `/readyz` and `/handlers` over HTTP at this address, `ip:port`; port 0 is any that is free. Without it nothing is served, and
    /// [`Node::metrics`](crate::node::Node::metrics) and [`Node::health`](crate::node::Node::health) tell the same.
    ///
    /// Whoever reaches the address can read what services the node has, and how much they do. So it must be a loopback address,
    /// unless [`open_to_everyone`](Self::open_to_everyone) is said: [`start`](crate::node::NodeBuilder::start) refuses others.
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen = Some(address.into());
        self
    }

    /// The address may be one that other machines reach. Nobody is asked who they are: let a firewall or the network decide who can.
    pub fn open_to_everyone(mut self) -> Self {
        self.to_everyone = true;
        self
    }

    /// Where it listens, if it does.
    ///
    /// # Errors
    /// It is no address, or one that others reach, and nobody said that they may.
    pub(super) fn address(&self) -> Result<Option<SocketAddr>> {
        let Some(text) = &self.listen else { return Ok(None) };
        let wrong = |say: &str| Error::Configuration(format!("`Telemetry::listen({text:?})` cannot be: {say}"));
        let address: SocketAddr = text.parse().map_err(|_| {
            wrong("it is no address; write an IP address and a port, as in \"127.0.0.1:9464\" or \"[::1]:9464\"")
        })?;
        if !self.to_everyone && !is_loopback(address.ip()) {
            return Err(wrong(
                "other machines reach it, and nobody is asked who they are; write \"127.0.0.1\" for this machine alone, or add \
                 `.open_to_everyone()` if the network decides who can reach it",
            ));
        }
        Ok(Some(address))
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_reach_is_to_be_said() {
        for fine in ["127.0.0.1:9464", "[::1]:0", "127.9.9.9:1", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(Telemetry::default().listen(fine).address().unwrap(), Some(fine.parse().unwrap()));
        }
        for open in ["0.0.0.0:9464", "[::]:9464", "192.168.1.7:9464"] {
            let refused = Telemetry::default().listen(open).address().unwrap_err().to_string();
            assert!(refused.contains("open_to_everyone") && refused.contains(open), "{refused}");
            assert!(Telemetry::default().listen(open).open_to_everyone().address().unwrap().is_some());
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_to_write() {
        for wrong in ["", "localhost:9464", "127.0.0.1", "9464", "http://127.0.0.1:9464"] {
            let refused = Telemetry::default().listen(wrong).address().unwrap_err().to_string();
            assert!(refused.contains("127.0.0.1:9464"), "{refused}");
        }
        assert_eq!(Telemetry::default().address().unwrap(), None);
    }
}
