//! What an event of the registry says of the cluster.

use super::{
    change::{ClusterChange, Subject},
    reading,
};
use crate::registry::{Event, SharedEvent};

impl ClusterChange {
    /// What `event` says, read once for all who hear of it.
    pub(crate) fn of_shared(event: &SharedEvent, prefix: &str) -> Option<(Subject, Self)> {
        let read = event.made(|event| Made { prefix: prefix.len(), change: Self::of(event, prefix) });
        match read {
            // Prefixes of the same length are the same, for the same key.
            Some(made) if made.prefix == prefix.len() => made.change.clone(),
            _ => Self::of(event, prefix),
        }
    }

    /// What `event` says, with what it is about; what cannot be read is reported and left out. `prefix` is the cluster's.
    pub(crate) fn of(event: &Event, prefix: &str) -> Option<(Subject, Self)> {
        let key = match event {
            Event::Put(entry) => &entry.key,
            Event::Delete { key, .. } => key,
        };
        let subject = Subject::of(key, prefix)?;
        let change = match event {
            // A record under a key that is not its own says nothing.
            Event::Put(entry) => reading::read(entry, subject),
            Event::Delete { .. } => Some(subject.gone()),
        };
        if change.is_none() {
            tracing::warn!(target: "ember::cluster", %key, "this entry of the registry could not be read: left out");
        }
        Some((subject, change?))
    }
}

/// What was read of an event.
struct Made {
    /// How long the prefix was: the same key may mean something else to another cluster.
    prefix: usize,
    change: Option<(Subject, ClusterChange)>,
}
