//! Counts by the contract, whoever fulfils it.

use std::time::Duration;

use counter_api::CounterClient;
use ember::{Error, prelude::*};

const PATIENCE: Duration = Duration::from_secs(10);

/// Adds 1 under each name; returns the last sum.
///
/// # Errors
/// If nobody serves within 10 s, and those of the calls.
pub async fn count(node: &Node, names: &[String]) -> ember::Result<u64> {
    let seen = node.wait_for_view(|view| view.instances().iter().any(|it| it.identity().name == "counter"));
    if tokio::time::timeout(PATIENCE, seen).await.is_err() {
        return Err(Error::other(format!("nobody serves `counter` since {PATIENCE:?}: start `counter-server`")));
    }
    let counter = node.client::<CounterClient>();
    let mut sum = 0;
    for name in names {
        sum = counter.rpc_add(name.clone(), 1).await?;
    }
    Ok(sum)
}
