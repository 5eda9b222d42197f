//! What is looked at.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::timeout;

use super::found::{Check, State};
use crate::{actor::ServiceState, directory::Instance, node::Node};

/// A task of the node's runtime that has not run by then is held up.
const HELD_UP: Duration = Duration::from_secs(1);

/// So many are named; of more their number is said.
const NAMED: usize = 5;

pub(super) async fn all(node: &Node) -> Vec<Check> {
    let own = [runtime(node).await, life(node), services(node)];
    #[cfg(feature = "cluster")]
    let own = own.into_iter().chain(cluster(node));
    own.into_iter().collect()
}

fn check(name: &'static str, wrong: Option<(State, String)>) -> Check {
    let (state, why) = wrong.unwrap_or((State::Well, String::new()));
    Check { name, state, why }
}

/// Whether tasks run there.
async fn runtime(node: &Node) -> Check {
    let probe = node.inner.services.router.runtime().spawn(async {});
    let wrong = match timeout(HELD_UP, probe).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) => Some((State::Dead, "the runtime of the node has ended".into())),
        Err(_) => Some((
            State::NotReady,
            format!(
                "no task of the node's runtime has run for {HELD_UP:?}: handlers block all its threads, or the machine has no time for \
                 them. The log names handlers that block (`ember::service`)"
            ),
        )),
    };
    check("runtime", wrong)
}

/// Where the node is in its life.
fn life(node: &Node) -> Check {
    let router = &node.inner.services.router;
    let not_ready = |why: &str| Some((State::NotReady, why.to_owned()));
    let wrong = if let Some(over) = router.over() {
        Some((State::Dead, crate::error::Error::from(over).to_string()))
    } else if router.is_ending() {
        not_ready("it shuts down")
    } else if router.has_retired() {
        not_ready("it retires: it finishes what it has, and takes no new work")
    } else if !node.inner.begun.load(Ordering::Acquire) {
        not_ready("it starts: not all of its services have")
    } else {
        None
    };
    check("node", wrong)
}

/// Whether services have failed for good.
fn services(node: &Node) -> Check {
    let (view, failed) = (node.view(), |it: &&Arc<Instance>| it.is_local() && it.state() == ServiceState::Failed);
    let failed: Vec<_> = view.instances().iter().filter(failed).map(|it| format!("`{}`", it.identity().name)).collect();
    let say = |names| (State::Degraded, format!("failed, and are not started again: {names}"));
    check("services", list(&failed).map(say))
}

/// Some of them by their names; nothing, if there are none.
fn list(all: &[String]) -> Option<String> {
    let more = all.len().checked_sub(NAMED).filter(|more| *more > 0);
    let named = all.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    (!all.is_empty()).then(|| more.map_or_else(|| named.clone(), |more| format!("{named} and {more} more")))
}

/// The registry, the lease, the links, the groups.
#[cfg(feature = "cluster")]
fn cluster(node: &Node) -> Vec<Check> {
    let Some(membership) = node.inner.membership.get() else { return Vec::new() };
    let trouble = membership.contact.borrow().trouble.clone();
    let away = |trouble| (State::Degraded, format!("it is away ({trouble}): the node goes on with what it knew last"));
    let tenure = node.inner.services.elections.tenure();
    let (left, granted) = (tenure.left(), tenure.granted());
    let ends = (left < granted / 3).then(|| {
        let why =
            format!("it lasts for {left:?} of {granted:?} yet: when it is over, the masters of this node act no more");
        (State::Degraded, why)
    });
    let (key, view) = (node.key(), node.view());
    let unlinked = |it: &&crate::directory::NodeRecord| it.key != key && !membership.links.is_up(it.key);
    let unlinked: Vec<_> = view.nodes().filter(unlinked).map(|it| format!("`{}`", it.name)).collect();
    let apart = list(&unlinked).map(|names| (State::Degraded, format!("there is none to {names}")));
    let left_out: Vec<_> = node.left_out().iter().map(ToString::to_string).collect();
    let left_out = list(&left_out).map(|pids| {
        (State::Degraded, format!("their groups have left out {pids}: `Node::left_out` says when that is"))
    });
    vec![check("registry", trouble.map(away)), check("lease", ends), check("links", apart), check("groups", left_out)]
}
