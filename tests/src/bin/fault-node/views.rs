//! The sequence of views that a node had.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use ember::{Node, View};

/// Nodes as `name incarnation`, services as `counter name`.
pub(crate) fn members(view: &View) -> BTreeSet<String> {
    let nodes = view.nodes().map(|node| format!("{} {}", node.name, node.key.incarnation));
    let services = view.instances().iter().map(|it| format!("{} {}", it.identity().name, it.identity().id));
    nodes.chain(services).collect()
}

#[derive(Clone)]
pub(crate) struct Views(Arc<Mutex<Vec<BTreeSet<String>>>>);

impl Views {
    /// Writes down each change of who is there.
    pub(crate) fn record(node: &Node) -> Self {
        let views = Self(Arc::default());
        let (recorder, node) = (views.clone(), node.clone());
        tokio::spawn(async move {
            let mut last = BTreeSet::new();
            loop {
                last = members(&*node.wait_for_view(|view| members(view) != last).await);
                recorder.0.lock().unwrap_or_else(PoisonError::into_inner).push(last.clone());
            }
        });
        views
    }

    pub(crate) fn so_far(&self) -> Vec<BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
