//! What the method of a call by name is: asked of the services that the call may go to.

use std::{mem, sync::Arc};

use crate::{
    call::{
        requests::{Describe, Destination},
        routes::Router,
    },
    directory::{Instance, Probing, distance},
    error::{Failure, RefusedReason},
    id::{MethodId, Pid},
    message::{Lane, MethodRef},
};

/// So many methods are named to whoever has called one that is not there.
const NAMED: usize = 8;

/// Those who are asked what the method is.
pub(super) struct Asked<'a> {
    router: &'a Arc<Router>,
    destination: &'a Destination,
    /// They have refused.
    excluded: Vec<Pid>,
    /// The key that the contract of the method names, as soon as it is known.
    key: Option<u64>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(router: &'a Arc<Router>, destination: &'a Destination) -> Self {
        Self { router, destination, excluded: Vec::new(), key: None }
    }

    /// Calls of the method have this key. Whether whoever has described it was chosen by another: then another may be the one to ask.
    pub(super) fn is_placed_otherwise(&mut self, key: Option<u64>) -> bool {
        mem::replace(&mut self.key, key) != key
    }

    /// Whether there are others than `pid`, which has refused a call.
    pub(super) fn others(&mut self, pid: Pid) -> bool {
        self.excluded.push(pid);
        let matching = self.router.matching(&self.destination.address);
        matching.iter().any(|pid| !self.excluded.contains(pid))
    }

    /// One of the services at the destination, and what it says that the method is.
    pub(super) async fn describe(&mut self, method: &str) -> Result<(Pid, Arc<MethodRef>), RefusedReason> {
        let id = MethodId::of(method);
        let mut last = None;
        loop {
            let chosen =
                self.router.choose(&self.destination.address, (Lane::System, self.key), &self.excluded, Probing::Pass);
            let (instance, _) = chosen.map_err(|none| last.take().unwrap_or(none))?;
            let pid = instance.pid;
            if let Some(known) = self.router.described.find(pid, id) {
                return Ok((pid, known));
            }
            match ask(self.router, &instance, id).await {
                Ok(Some(method)) if method.id() == id => return Ok((pid, self.router.described.keep(pid, method))),
                Ok(_) => return Err(RefusedReason::NotByName(unknown(method, &self.methods(&instance).await))),
                Err(failure) => {
                    let reason = match failure {
                        Failure::NotExecuted(reason) => reason,
                        Failure::MaybeExecuted(lost) => RefusedReason::Unreachable(lost.to_string()),
                    };
                    self.excluded.push(pid);
                    last = Some(reason);
                }
            }
        }
    }

    /// The names of the methods that the service has, if its node says so.
    async fn methods(&self, instance: &Instance) -> Vec<String> {
        let said = ask_for(self.router, instance, Describe::NAMES).await.ok().flatten();
        said.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }
}

async fn ask(router: &Router, instance: &Instance, id: MethodId) -> Result<Option<MethodRef>, Failure> {
    if let Some(cell) = &instance.cell {
        return Ok(cell.describe(id));
    }
    let Some(text) = ask_for(router, instance, id).await? else { return Ok(None) };
    let read = serde_json::from_str(&text);
    read.map(Some).map_err(|error| RefusedReason::Undecodable(format!("the description of the method: {error}")).into())
}

async fn ask_for(router: &Router, instance: &Instance, method: MethodId) -> Result<Option<String>, Failure> {
    if let Some(cell) = &instance.cell {
        return Ok(Describe::answer(&**cell, method));
    }
    router.ask_node(&instance.node, &Describe { service: instance.pid.number, method }).await?.await
}

/// What the caller of a method that is not there is told.
fn unknown(method: &str, known: &[String]) -> String {
    let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
    known.sort_by_key(|name| (distance(method, name), *name));
    let all = match known.len() {
        0 => return format!("the service has no method `{method}` that other nodes may call"),
        more if more > NAMED => format!("`{}` and {} more", known[..NAMED].join("`, `"), more - NAMED),
        _ => format!("`{}`", known.join("`, `")),
    };
    format!("the service has no method `{method}` that other nodes may call; it has {all}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first_and_the_others_are_counted() {
        let known = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            unknown("rpc_fnd", &known(&["rpc_sell", "bag.rpc_drop", "rpc_find"])),
            "the service has no method `rpc_fnd` that other nodes may call; it has `rpc_find`, `rpc_sell`, `bag.rpc_drop`"
        );
        let many: Vec<String> = (0..100).map(|number| format!("rpc_{number}")).collect();
        let said = unknown("rpc_7x", &many);
        assert!(said.contains("it has `rpc_7`") && said.ends_with(" and 92 more"), "{said}");
        assert!(unknown("rpc_find", &[]).ends_with("that other nodes may call"));
    }
}
