//! Asking an address whether a certain run of a node still answers there, without making a link, and without saying who asks.

use tokio::time::timeout;

use super::dial;
use crate::transport::{peers::Links, protocol::Peer};

impl Links {
    /// Whether the run of the node that `peer` names answers at its address, by its signature. Changes nothing there. Ends
    /// after twice the time for connecting, 2 s.
    pub(crate) async fn is_alive(&self, peer: &Peer) -> bool {
        let limit = self.config.connect_timeout * 2;
        let met = async {
            let stream = self.network.connect(&peer.endpoint).await.ok()?;
            dial::meet(self, peer, self.sockets.dialled(stream, limit)).await.ok()
        };
        matches!(timeout(limit, met).await, Ok(Some(_)))
    }
}
