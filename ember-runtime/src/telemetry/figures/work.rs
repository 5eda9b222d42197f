//! Work outside of services, and events.

use std::fmt;

use super::writer::Writer;
use crate::node::Node;

pub(super) fn write(node: &Node, writer: &mut Writer<'_>) -> fmt::Result {
    let pool = node.offload_counts();
    writer.gauges(
        "ember_offload_pieces",
        "Pieces of work outside of services, by what they do",
        [("waiting", pool.waiting), ("running", pool.running), ("futures", pool.futures)]
            .map(|(state, count)| ([("state", state)], count as f64)),
    )?;
    writer.gauge("ember_offload_threads", "Threads of the pool for blocking work", pool.threads as f64)?;
    writer.counters(
        "ember_offload_ended",
        "Pieces of work outside of services that have come to an end",
        [("done", pool.done), ("panicked", pool.panicked), ("refused", pool.refused), ("dropped", pool.dropped)]
            .map(|(outcome, count)| ([("outcome", outcome)], count)),
    )?;
    let events = node.event_counts();
    writer.counters(
        "ember_events",
        "Events for more than this node, by what was done with them: see `EventCounts`",
        [
            ("published", events.published),
            ("encoded", events.encoded),
            ("queued", events.queued),
            ("dropped", events.dropped),
            ("batches", events.batches),
            ("received", events.received),
            ("missed", events.missed),
        ]
        .map(|(what, count)| ([("what", what)], count)),
    )
}
