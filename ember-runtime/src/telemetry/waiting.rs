//! Which handlers wait, since when, and for whom they work: where something hangs, this is what says it.

use std::{cmp::Reverse, collections::HashMap, time::Duration};

use serde::{Serialize, Serializer};

use crate::{
    id::{NodeKey, Pid},
    node::Node,
    threads::Work,
};

/// A handler that waits for something, or that has waited and is at work again: [`Node::waiting_handlers`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WaitingHandler {
    /// The class of its service.
    pub service: String,
    /// Which service.
    #[serde(serialize_with = "shown")]
    pub pid: Pid,
    /// The method, with its module, or the hook, timer or event handler.
    pub method: String,
    /// For how long: since it first waited for something.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub waits: Duration,
    /// The node that made the call; `None` if it handles none.
    #[serde(serialize_with = "shown_if")]
    pub caller_node: Option<NodeKey>,
    /// The service whose handler made the call: it waits for this one, unless it went on. `None` if it was made outside of handlers.
    #[serde(serialize_with = "shown_if")]
    pub caller: Option<Pid>,
    /// The service whose answer it waits for, if it does. Of several calls at once, the one that was looked after last.
    #[serde(serialize_with = "shown_if")]
    pub callee: Option<Pid>,
}

fn shown<S: Serializer>(value: &impl ToString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&value.to_string())
}

fn shown_if<S: Serializer>(value: &Option<impl ToString>, to: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(ToString::to_string).serialize(to)
}

fn seconds<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(value.as_secs_f64())
}

impl Node {
    /// The handlers of this node that wait for something, or have waited and go on, those first that have for longest; nothing, if the node was built without
    /// [`telemetry`](crate::node::NodeBuilder::telemetry). Handlers that have not waited yet are not among them: what keeps its thread is named in the log.
    pub fn waiting_handlers(&self) -> Vec<WaitingHandler> {
        let Some(meters) = self.inner.services.router.outages.measured.handlers() else { return Vec::new() };
        let mut names = HashMap::new();
        let mut all: Vec<_> = meters
            .places
            .waiting()
            .into_iter()
            .filter_map(|it| {
                let name = names.entry(it.work).or_insert_with(|| Work::numbered(it.work).names());
                let (service, method) = name.clone()?;
                let caller_node = it.caller.map(|(node, _)| node);
                let caller = it.caller.filter(|(_, number)| *number != 0).map(|(node, number)| Pid { node, number });
                let callee = it.callee.map(|(node, number)| Pid { node, number });
                let service = service.to_owned();
                Some(WaitingHandler { service, pid: it.pid, method, waits: it.for_, caller_node, caller, callee })
            })
            .collect();
        all.sort_by_key(|it| Reverse(it.waits));
        all
    }
}
