//! What has become of the calls that were made on this node.

use std::fmt;

use super::writer::Writer;
use crate::node::Node;

pub(super) fn write(node: &Node, writer: &mut Writer<'_>) -> fmt::Result {
    let measured = &node.inner.services.router.outages.measured;
    if measured.handlers().is_none() {
        return Ok(());
    }
    let failures = measured.failures();
    writer.counters(
        "ember_calls_failed",
        "Calls made on this node that were not executed, or may have been, by the variant of the reason",
        failures.iter().map(|(kind, count)| {
            let class = if kind.is_certain { "not_executed" } else { "maybe_executed" };
            let labels = [
                ("service", kind.service.as_str()),
                ("method", kind.method.as_str()),
                ("class", class),
                ("reason", kind.reason.as_str()),
            ];
            (labels, *count)
        }),
    )
}
