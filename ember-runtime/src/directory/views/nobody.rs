//! Saying why nobody matches a selector, and what to look at.

use std::{fmt::Write as _, sync::Arc};

use super::view::View;
use crate::{
    directory::{
        instances::{Instance, Interest, Selector},
        records::NodeRecord,
    },
    error::RefusedReason,
    id::{NodeId, NodeKey, Pid},
    net::Endpoint,
};

/// The refusal for a selector that nothing in `view` matches, and `seen` is what is of its interest. `here` is the node that
/// looks; `begun`: all services that it was built with have started.
pub(crate) fn no_target(
    view: &View,
    seen: &[Arc<Instance>],
    selector: &Selector,
    here: NodeId,
    begun: bool,
) -> RefusedReason {
    let listed = selector.pid.and_then(|pid| view.instances().iter().find(|it| it.pid == pid));
    if let Some(other) = listed.filter(|it| !seen.iter().any(|of| of.pid == it.pid)) {
        return of_another_kind(view, selector, &other.identity().name);
    }
    let ended = seen.iter().filter(|it| it.state.has_ended());
    let ended = ended.filter(|it| selector.matches(it)).count();
    let why = if ended > 0 {
        format!("{} failed", count(ended, "instance of it has", "instances of it have"))
    } else if let Some(node) = selector.node {
        on_node(view, node, here, seen.len())
    } else if !seen.is_empty() {
        format!("{} seen, and none passes the filters", count(seen.len(), "instance of it is", "instances of it are"))
    } else if !begun {
        "this node still starts, and its services start in the order in which they are listed: list it before whoever calls it \
         in `#[on(start)]`, or call it in `#[on(started)]`, when all are there"
            .into()
    } else if is_alone(view, here) {
        "this node lists none, and without a registry (`.registry(…)`) it sees no others; a service that was spawned is listed with \
         `.register()`, and called by `.pid(…)` without it"
            .into()
    } else {
        let nodes = count(view.nodes().len(), "node is", "nodes are");
        format!(
            "{nodes} seen, this one included, and none offers it; only services with `rpc_` methods are offered to others"
        )
    };
    refusal(view, selector, &why)
}

/// The refusal for the pid of a service that does not run, on a node that does.
pub(crate) fn ended(view: &View, selector: &Selector) -> RefusedReason {
    refusal(view, selector, "it has ended, or never was")
}

/// The refusal for the pid of a service on a node that the view does not have.
pub(crate) fn no_such_run(view: &View, selector: &Selector, node: NodeKey) -> RefusedReason {
    let why = match view.node(node.id) {
        Some(record) if record.key.incarnation > node.incarnation => "its node has been started anew since",
        _ => "its node is not seen: it has ended, or belongs to another cluster",
    };
    refusal(view, selector, why)
}

/// The refusal for the pid of a service on a node whose process has ended, which the registry has not noticed yet.
pub(crate) fn deserted(view: &View, selector: &Selector, node: &NodeRecord) -> RefusedReason {
    refusal(view, selector, &format!("its process has ended: nobody listens at {} any more", node.endpoint))
}

/// The refusal for the pid of a service that is not of the kind that the selector wants.
pub(crate) fn of_another_kind(view: &View, selector: &Selector, actual: &str) -> RefusedReason {
    let why = match &selector.interest {
        Interest::Service(_) => format!("it is a `{actual}`"),
        Interest::Contract(_) => format!("it is a `{actual}`, which does not fulfil this contract"),
    };
    refusal(view, selector, &why)
}

/// Nothing that matches is on the node that was asked for.
fn on_node(view: &View, node: NodeId, here: NodeId, elsewhere: usize) -> String {
    let mut why = match view.node(node) {
        Some(_) if node == here => "it does not run on this node".to_owned(),
        Some(record) => format!("it is not offered by the node `{}`", record.name),
        None => "that node is not seen".to_owned(),
    };
    if elsewhere > 0 {
        let _infallible = write!(why, "; {} seen elsewhere", count(elsewhere, "instance is", "instances are"));
    }
    why
}

/// Whether the node at `here` has no registry, and so no address.
fn is_alone(view: &View, here: NodeId) -> bool {
    view.node(here).is_some_and(|record| matches!(&record.endpoint, Endpoint::Tcp(at) if at.ends_with(":0")))
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn refusal(view: &View, selector: &Selector, why: &str) -> RefusedReason {
    let node = selector.node.or(selector.pid.map(|pid: Pid| pid.node.id));
    let name = node.and_then(|node| view.node(node)).map(|record| format!(" (node `{}`)", record.name));
    RefusedReason::NoTarget(format!("{selector}{}: {why}", name.unwrap_or_default()))
}
