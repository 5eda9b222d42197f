//! What the handlers of each method have done.

use std::fmt;

use super::writer::Writer;
use crate::{
    meters::{Ended, Named, Tally},
    node::Node,
};

pub(super) fn write(node: &Node, writer: &mut Writer<'_>) -> fmt::Result {
    let Some(meters) = node.inner.services.router.outages.measured.handlers() else { return Ok(()) };
    let all: Vec<(Named, Tally)> = meters.all().into_iter().map(|named| (named.clone(), named.tally())).collect();
    let each = |(named, tally): &'_ (Named, Tally)| (named.service, named.method.clone(), *tally);
    let all: Vec<_> = all.iter().map(each).collect();
    writer.counters(
        "ember_handlers_begun",
        "Calls whose handlers have begun: from the mailbox, or on the spot, run by the caller or by the link that brought the call",
        all.iter().flat_map(|(service, method, tally)| {
            [("mailbox", tally.queued), ("spot", tally.short)]
                .map(|(way, count)| ([("service", *service), ("method", method.as_str()), ("way", way)], count))
        }),
    )?;
    writer.counters(
        "ember_handlers_ended",
        "How the handlers of calls have ended",
        all.iter().flat_map(|(service, method, tally)| {
            Ended::ALL.map(|how| {
                let labels = [("service", *service), ("method", method.as_str()), ("outcome", how.name())];
                (labels, tally.ended[how as usize])
            })
        }),
    )?;
    writer.gauges(
        "ember_handlers_in_flight",
        "Handlers of calls that have begun and not ended",
        all.iter().map(|(service, method, tally)| {
            ([("service", *service), ("method", method.as_str())], tally.in_flight() as f64)
        }),
    )?;
    writer.spreads(
        "ember_handler_seconds",
        "How long handlers of calls were at work or waited; of one in 64",
        all.iter()
            .filter(|(_, _, tally)| tally.took.count() > 0)
            .map(|(service, method, tally)| ([("service", *service), ("method", method.as_str())], tally.took)),
    )
}
