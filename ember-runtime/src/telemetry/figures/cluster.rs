//! The node in its cluster.

use std::fmt;

use super::writer::Writer;
use crate::node::Node;

pub(super) fn write(node: &Node, writer: &mut Writer<'_>) -> fmt::Result {
    let key = node.key();
    let (id, run, version) = (key.id.to_string(), key.incarnation.to_string(), env!("CARGO_PKG_VERSION"));
    let info = [("name", node.name()), ("id", id.as_str()), ("run", run.as_str()), ("ember", version)];
    writer.gauges("ember_node_info", "Which node this is; always 1", [(info, 1.0)])?;
    let view = node.view();
    writer.gauge(
        "ember_view_nodes",
        "Nodes of the cluster that this one knows, itself too",
        view.nodes().count() as f64,
    )?;
    writer.gauge(
        "ember_view_instances",
        "Instances of services in the cluster that this node knows",
        view.instances().len() as f64,
    )?;
    #[cfg(feature = "cluster")]
    linked(node, writer)?;
    Ok(())
}

/// Of a node with a registry.
#[cfg(feature = "cluster")]
fn linked(node: &Node, writer: &mut Writer<'_>) -> fmt::Result {
    let Some(membership) = node.inner.membership.get() else { return Ok(()) };
    writer.gauge("ember_links", "Links to other nodes", membership.links.sessions().len() as f64)?;
    writer.gauge(
        "ember_link_calls_unanswered",
        "Calls of other nodes that this one has not answered yet",
        membership.links.unanswered() as f64,
    )?;
    let contact = membership.contact.borrow().clone();
    let up = if contact.is_good() { 1.0 } else { 0.0 };
    writer.gauge("ember_registry_up", "Whether the registry answers, and knows this node", up)?;
    writer.counters(
        "ember_registry_outages",
        "How often the registry was away, or had lost this node",
        [([], contact.outages)],
    )?;
    let left = node.inner.services.elections.tenure().left();
    writer.gauge("ember_lease_seconds", "For how long the lease of this node certainly lasts yet", left.as_secs_f64())
}
