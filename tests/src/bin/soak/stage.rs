//! A cluster with two nodes that stay while others come and go; one on a registry in memory, one on the embedded registry.

use std::time::Duration;

use ember::{
    Node, NodeBuilder,
    registry::{Embedded, InProcess, RegistryError},
};
use ember_tests::embedded_node::private_folder;
use etcd_client::{Channel, Client};
use tempfile::TempDir;
use tokio::time::timeout;
use tonic::transport::Endpoint;

use crate::services::worker;

/// That of the processes that take part.
const CLUSTER: &str = "faults";
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the entries of nodes are.
enum Place {
    Memory(InProcess),
    Embedded(TempDir),
}

pub(crate) struct Stage {
    place: Place,
    /// The nodes that stay.
    pub(crate) standing: Vec<Node>,
}

impl Stage {
    /// On a registry in memory.
    pub(crate) async fn in_memory() -> Result<Self, String> {
        Self { place: Place::Memory(InProcess::default()), standing: Vec::new() }.stand().await
    }

    /// On the embedded registry: other processes can take part.
    pub(crate) async fn embedded() -> Result<Self, String> {
        Self { place: Place::Embedded(private_folder()), standing: Vec::new() }.stand().await
    }

    async fn stand(mut self) -> Result<Self, String> {
        for name in ["standing-a", "standing-b"] {
            let node = self.node(name).service(worker(name)).start();
            self.standing.push(node.await.map_err(|error| format!("{name} did not start: {error}"))?);
        }
        Ok(self)
    }

    /// The folder of the embedded registry.
    pub(crate) fn folder(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Memory(_) => None,
            Place::Embedded(folder) => Some(folder.path()),
        }
    }

    /// The description of a node of this cluster.
    pub(crate) fn node(&self, name: &str) -> NodeBuilder {
        let node =
            Node::builder().name(name).cluster(CLUSTER).lease(Duration::from_secs(2)).drain(Duration::from_secs(4));
        match &self.place {
            Place::Memory(registry) => node.registry(registry.clone()),
            Place::Embedded(folder) => node.registry(Embedded::at(folder.path())),
        }
    }

    /// Waits until the nodes that stay see each other and nobody else.
    pub(crate) async fn quiet(&self) -> Result<(), String> {
        for node in &self.standing {
            let alone = node.wait_for_view(|view| {
                let mut names: Vec<_> = view.nodes().map(|node| node.name.to_string()).collect();
                names.sort();
                names == ["standing-a", "standing-b"]
            });
            if timeout(PATIENCE, alone).await.is_err() {
                let view = node.view();
                let names: Vec<_> = view.nodes().map(|node| node.name.to_string()).collect();
                return Err(format!(
                    "hung: `{}` still sees {names:?} {PATIENCE:?} after the others ended",
                    node.name()
                ));
            }
        }
        Ok(())
    }

    /// Forgets the changes of the past, which a registry keeps until they are 10,000: they would look like a leak.
    pub(crate) async fn forget(&self) -> Result<(), String> {
        let forgotten = async {
            match &self.place {
                Place::Memory(registry) => match registry.compact(i64::MAX) {
                    // Refused if nothing has changed since the last time.
                    Err(RegistryError::FutureRevision { current, .. }) => drop(registry.compact(current)),
                    forgotten => forgotten?,
                },
                Place::Embedded(folder) => {
                    let endpoint = Endpoint::from_shared(Embedded::at(folder.path()).endpoint(CLUSTER)?)?;
                    let channel = Channel::Tonic(endpoint.connect().await?);
                    let mut etcd = Client::from_channel(channel, None).await?;
                    let revision = etcd.get("nothing", None).await?.header().map_or(0, |header| header.revision());
                    match etcd.compact(revision, None).await {
                        Err(etcd_client::Error::GRpcStatus(status)) if status.code() == tonic::Code::OutOfRange => {}
                        Err(error) => return Err(error.into()),
                        Ok(_) => {}
                    }
                }
            }
            Ok::<_, Box<dyn std::error::Error>>(())
        };
        let forgotten = timeout(PATIENCE, forgotten).await.map_err(|_| "hung: the registry".to_owned())?;
        forgotten.map_err(|error| format!("the registry's history could not be forgotten: {error}"))
    }

    /// Ends the nodes that stay.
    pub(crate) async fn end(self) -> Result<(), String> {
        for node in &self.standing {
            let ended = timeout(PATIENCE, node.shutdown()).await;
            let ended = ended.map_err(|_| format!("hung: the shutdown of `{}`", node.name()))?;
            ended.map_err(|error| format!("the shutdown of `{}`: {error}", node.name()))?;
        }
        Ok(())
    }
}
