//! What a handler publishes.

use std::{any::type_name, sync::Arc};

use tokio::sync::oneshot;

use super::receipt::Receipt;
use crate::{
    actor::{Cx, Scope, Unit},
    event::{
        away::{Hub, Published},
        kinds::{self, AnyEvent, Event},
        local::Bus,
    },
};

impl<U: Unit> Cx<'_, U> {
    /// Gives `event` to every handler for it of the services on this node, this one's included; how many of them took it. A service with two handlers takes it twice.
    ///
    /// Other nodes hear nothing of it, also if its type is a `#[message(event)]`: those go there with [`publish_to`](Self::publish_to).
    ///
    /// A replicated service that has [committed](Self::commit) what is not acknowledged yet gives it to them when that is, or to nobody if it loses its
    /// office before; then this says how many would take it now. If 16,384 things wait for that already, the event is missed by all, which is logged,
    /// and this is 0.
    pub fn publish<E: Send + Sync + 'static>(&self, event: E) -> usize {
        let (bus, by) = (self.core.host.get::<Bus>(), Some(self.pid()));
        let Some(unsettled) = self.ambient.unsettled() else { return bus.publish(event, by) };
        if unsettled.is_full() {
            too_much::<E>();
            return 0;
        }
        let subscribers = bus.subscribers_of::<E>();
        unsettled.then(move |well| {
            if well {
                bus.publish(event, by);
            } else {
                not_acknowledged::<E>();
            }
        });
        subscribers
    }

    /// Gives `event` to every handler for it of the services, as far as `scope` goes, this one included. The receipt says whom it goes to, as far as is known
    /// here, and can wait until they have it.
    ///
    /// It is written once, and goes once to each node that has a subscriber, whatever their number. The events of one publisher reach a subscriber in
    /// their order, each once at most; those that do not are told to it in their place, by `#[on(missed)]`. Nobody waits for a node that is slow or
    /// stands still: 4,096 events and 4 MiB wait for it, and what has no room is missed there.
    ///
    /// In a replicated service with [commits](Self::commit) that are not acknowledged it leaves as with [`publish`](Self::publish). If 16,384 things wait for
    /// that already, it is missed by all, and [`confirmed`](Receipt::confirmed) says `NotAcknowledged`.
    pub fn publish_to<E: Event>(&self, scope: Scope, event: E) -> Receipt {
        let (hub, by) = (self.core.host.get::<Hub>(), self.pid());
        let (known, limit) = (kinds::of_event::<E>(), self.deadline());
        let event: Arc<AnyEvent> = Arc::new(event);
        let Some(unsettled) = self.ambient.unsettled() else {
            return Receipt::new(by.node, limit, hub.publish(known, scope, event, Some(by)));
        };
        let reach = (hub.reach(known, scope, Some(by)), by.node);
        let (tell, later) = oneshot::channel::<Published>();
        if unsettled.is_full() {
            too_much::<E>();
            return Receipt::later(reach, limit, later);
        }
        unsettled.then(move |well| {
            if well {
                let _nobody_waits = tell.send(hub.publish(known, scope, event, Some(by)));
            } else {
                not_acknowledged::<E>();
            }
        });
        Receipt::later(reach, limit, later)
    }
}

fn too_much<E>() {
    let event = type_name::<E>();
    tracing::warn!(target: "ember::event", event, "an event was missed by all: too much waits for what is not acknowledged");
}

fn not_acknowledged<E>() {
    let event = type_name::<E>();
    tracing::warn!(target: "ember::event", event, "not published: what it follows from was not acknowledged");
}
