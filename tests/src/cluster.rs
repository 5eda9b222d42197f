//! Several nodes of one cluster within this process: one registry in memory, links over loopback TCP.

use std::time::Duration;

use ember::{CallError, LostReason, Node, NodeBuilder, RefusedReason, ServiceState, registry::InProcess};

use crate::wait::within;

/// A cluster of its own.
#[derive(Debug, Default)]
pub struct Cluster {
    registry: InProcess,
}

impl Cluster {
    /// The description of a node of this cluster.
    pub fn node(&self, name: &str) -> NodeBuilder {
        Node::builder().name(name).registry(self.registry.clone()).lease(Duration::from_secs(2))
    }
}

/// Waits until `node` sees this many running instances of the service `name`, on any node.
///
/// # Panics
/// If it never does.
pub async fn sees(node: &Node, name: &str, count: usize) {
    let what = format!("{} to see {count} of `{name}`", node.name());
    within(
        &what,
        node.wait_for_view(|view| {
            let of_name = view.instances().iter().filter(|it| it.identity().name == name);
            of_name.filter(|it| it.state() == ServiceState::Running).count() == count
        }),
    )
    .await;
}

/// Why a call was certainly not executed.
///
/// # Panics
/// If it was something else.
#[track_caller]
pub fn refused<T: std::fmt::Debug, E: std::fmt::Debug>(outcome: Result<T, CallError<E>>) -> RefusedReason {
    match outcome {
        Err(CallError::NotExecuted(refused)) => refused.reason().clone(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// Why it is not known whether a call was executed.
///
/// # Panics
/// If it was something else.
#[track_caller]
pub fn lost<T: std::fmt::Debug, E: std::fmt::Debug>(outcome: Result<T, CallError<E>>) -> LostReason {
    match outcome {
        Err(CallError::MaybeExecuted(lost)) => lost.reason().clone(),
        other => panic!("expected a lost call, got {other:?}"),
    }
}
