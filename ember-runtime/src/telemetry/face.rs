//! How a node comes to show itself.

use std::net::SocketAddr;

use super::{figures, health::Health, server, settings::Telemetry};
use crate::{
    error::{Error, Result},
    node::{Kept, Node, NodeBuilder, Shown},
};

impl NodeBuilder {
    /// Counts what the node's handlers and calls do, and shows that with its health over HTTP, if [it is told where](Telemetry::listen): from before
    /// its services start until it has ended. Said again, the last counts.
    ///
    /// Without it a node counts nothing of this. With it a call takes a few nanoseconds more; one in 64 is timed.
    ///
    /// [`start`](Self::start) refuses an address that is none, or that others can reach although
    /// [nobody said that they may](Telemetry::open_to_everyone), and one that is in use.
    pub fn telemetry(self, telemetry: Telemetry) -> Self {
        let begin = move |shown| Box::pin(async move { begin(&telemetry, shown) }) as _;
        self.count_handlers().face("telemetry", Box::new(begin))
    }
}

fn begin(telemetry: &Telemetry, shown: Shown) -> Result<(Option<SocketAddr>, Kept)> {
    let Some(address) = telemetry.address()? else { return Ok((None, Box::new(()))) };
    let failed = |source| Error::Io { context: format!("listening at {address}, for `Telemetry`"), source };
    let (address, serving) = server::serve(address, shown).map_err(failed)?;
    tracing::info!(target: "ember::telemetry", %address, "figures at /metrics, health at /healthz and /readyz");
    Ok((Some(address), Box::new(serving)))
}

impl Node {
    /// All figures of this node, in the text format of [OpenMetrics](https://prometheus.io/docs/specs/om/open_metrics_spec/), which Prometheus reads. What
    /// handlers and calls have done is there only if the node was built with [`telemetry`](NodeBuilder::telemetry).
    pub fn metrics(&self) -> String {
        figures::text(self)
    }

    /// Whether this node is healthy, as far as it can tell itself.
    ///
    /// # Cancel safety
    /// Safe. It takes a second at most.
    pub async fn health(&self) -> Health {
        Health::of(self).await
    }

    /// Where its [telemetry](NodeBuilder::telemetry) listens, if it does: with the port that it was given for port 0.
    pub fn telemetry_address(&self) -> Option<SocketAddr> {
        self.face_address("telemetry")
    }
}
