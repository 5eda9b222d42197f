//! Who comes and goes, for whoever reads the log.

use std::sync::Arc;

use crate::directory::records::NodeRecord;

/// One line of it.
pub(super) struct Passage {
    pub(super) node: Arc<NodeRecord>,
    pub(super) what: &'static str,
}

impl Passage {
    /// What there is to say of a node that was `known` so, and now is `node`.
    pub(super) fn of(known: Option<&NodeRecord>, node: &Arc<NodeRecord>) -> Option<Self> {
        let (was_here, was_leaving) = known.map_or((false, false), |known| (!known.joining, known.leaving));
        let what = match () {
            () if node.leaving && !was_leaving => "leaves: it takes no new calls, and finishes those that it has",
            () if !node.joining && !node.leaving && !was_here => "joined",
            () => return None,
        };
        Some(Self { node: Arc::clone(node), what })
    }

    pub(super) fn log(&self) {
        let Self { node, what } = self;
        if what.starts_with("lost") {
            tracing::warn!(target: "ember::cluster", node = node.name, key = %node.key, endpoint = %node.endpoint, "{what}");
        } else {
            tracing::info!(target: "ember::cluster", node = node.name, key = %node.key, endpoint = %node.endpoint, "{what}");
        }
    }
}
