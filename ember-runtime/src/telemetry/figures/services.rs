//! The services that run here, by class: those of one class, of which there may be many thousands, have one figure together.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::writer::Writer;
use crate::{
    actor::{Load, ServiceState},
    node::Node,
    office::Role,
};

/// Of all services of one class.
#[derive(Default)]
struct OfClass {
    states: BTreeMap<&'static str, u64>,
    load: Load,
    /// How many messages wait in the fullest mailbox.
    fullest: u32,
    overruns: u64,
    masters: u64,
    /// Of services that have several, and those of them that are at work.
    workers: u64,
    busy: u64,
    /// For how long the handler has waited that waits for longest.
    longest: Duration,
}

/// One figure of a class.
type FigureOf = fn(&OfClass) -> f64;

pub(super) fn write(node: &Node, writer: &mut Writer<'_>) -> fmt::Result {
    let mut classes: BTreeMap<String, OfClass> = BTreeMap::new();
    for cell in node.inner.services.router.cells.all() {
        if !classes.contains_key(cell.name()) {
            classes.insert(cell.name().to_owned(), OfClass::default());
        }
        let Some(class) = classes.get_mut(cell.name()) else { continue };
        let load = cell.load();
        // Each shard has a mailbox of its own; all else is said by the service that they are parts of.
        if !cell.has_shards() {
            class.fullest = class.fullest.max(load.waiting);
        }
        if cell.shard().is_some() {
            continue;
        }
        *class.states.entry(name(cell.state())).or_default() += 1;
        class.load = [class.load, load].into_iter().sum();
        class.overruns += cell.call_counts().overruns;
        if let Some(workers) = cell.workers() {
            class.workers += u64::from(workers.now());
            class.busy += u64::from(workers.busy());
        }
    }
    // Those that have failed have ended, and are in the view still.
    let view = node.view();
    for instance in view.instances().iter().filter(|it| it.is_local()) {
        let class = classes.entry(instance.identity().name.clone()).or_default();
        if instance.state() == ServiceState::Failed {
            *class.states.entry(name(ServiceState::Failed)).or_default() += 1;
        }
        class.masters += u64::from(instance.role() == Some(Role::Master));
    }
    for waiting in node.waiting_handlers() {
        let class = classes.entry(waiting.service).or_default();
        class.longest = class.longest.max(waiting.waits);
    }
    writer.gauges(
        "ember_services",
        "Services of this node, by their states",
        classes.iter().flat_map(|(service, class)| {
            class
                .states
                .iter()
                .map(|(state, count)| ([("service", service.as_str()), ("state", *state)], *count as f64))
        }),
    )?;
    let figures: [(&str, &str, FigureOf); 8] = [
        (
            "ember_handlers_running",
            "Handlers that run or wait for something, those of timers and events too",
            |class| f64::from(class.load.running),
        ),
        (
            "ember_handler_longest_wait_seconds",
            "For how long that handler has waited which waits for longest now",
            |class| class.longest.as_secs_f64(),
        ),
        ("ember_mailbox_messages", "Messages that wait in mailboxes", |class| f64::from(class.load.waiting)),
        ("ember_mailbox_fullest", "Messages that wait in the fullest mailbox", |class| f64::from(class.fullest)),
        ("ember_workers", "Workers of services that have several", |class| class.workers as f64),
        ("ember_workers_busy", "Those of them that are at work", |class| class.busy as f64),
        ("ember_masters", "Instances that are the masters of their groups", |class| class.masters as f64),
        ("ember_timer_overruns", "Ticks that the timers of the services that run now have left out", |class| {
            class.overruns as f64
        }),
    ];
    for (name, help, figure) in figures {
        writer.gauges(
            name,
            help,
            classes.iter().map(|(service, class)| ([("service", service.as_str())], figure(class))),
        )?;
    }
    Ok(())
}

fn name(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Starting => "starting",
        ServiceState::Running => "running",
        ServiceState::Paused => "paused",
        ServiceState::Retiring => "retiring",
        ServiceState::Stopped => "stopped",
        ServiceState::Failed => "failed",
    }
}
