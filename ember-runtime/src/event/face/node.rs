//! What code outside of services publishes.

use std::sync::Arc;

use super::{counts::EventCounts, receipt::Receipt};
use crate::{
    actor::Scope,
    event::{
        away::{EventReach, Hub},
        kinds::{self, Event},
    },
};

impl Hub {
    /// Publishes for code outside of services.
    pub(crate) fn publish_from_outside<E: Event>(&self, scope: Scope, event: E) -> Receipt {
        let known = kinds::of_event::<E>();
        if self.is_over() {
            return Receipt::over(self.here());
        }
        Receipt::new(self.here(), None, self.publish(known, scope, Arc::new(event), None))
    }

    /// Whom an event would go to.
    pub(crate) fn reach_of<E: Event>(&self, scope: Scope) -> EventReach {
        self.reach(kinds::of_event::<E>(), scope, None)
    }

    pub(crate) fn event_counts(&self) -> EventCounts {
        EventCounts::of(self)
    }
}
