//! What was found, and what it means.

use serde::Serialize;
use serde_json::json;

/// What a node finds when it looks at itself: [`Node::health`](crate::node::Node::health), and `/healthz` and `/readyz` of [`Telemetry`](crate::telemetry::Telemetry).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health(Vec<Check>);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What: `runtime`, `node`, `services`, `registry`, `lease`, `links`, `groups`.
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// What is wrong, and what that means; empty if nothing is.
    pub why: String,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// As it should be.
    Well,
    /// Not as it should be, and the node works all the same: somebody should look.
    Degraded,
    /// The node should get no new work.
    NotReady,
    /// The node does nothing any more: it should be started anew.
    Dead,
}

impl Health {
    pub(super) fn new(checks: Vec<Check>) -> Self {
        Self(checks)
    }

    /// Whether the node does anything at all: if not, only a new start helps. `/healthz` answers 200 if so, and 503 if not.
    pub fn is_live(&self) -> bool {
        self.worst() < State::Dead
    }

    /// Whether the node should get work from outside: it has started, is not about to end, and its threads are not all held up. `/readyz` answers 200 if so,
    /// and 503 if not.
    ///
    /// A registry that is away does not make it unready: nodes go on without it, and if all of them were taken out of work for that, an outage
    /// of the registry would be one of the whole system. It is shown as [`Degraded`](State::Degraded).
    pub fn is_ready(&self) -> bool {
        self.worst() < State::NotReady
    }

    /// All that was looked at.
    pub fn checks(&self) -> &[Check] {
        &self.0
    }

    fn worst(&self) -> State {
        self.0.iter().map(|check| check.state).max().unwrap_or(State::Well)
    }

    pub(in crate::telemetry) fn to_json(&self) -> String {
        let mut text = json!({ "live": self.is_live(), "ready": self.is_ready(), "checks": self.0 }).to_string();
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(states: &[State]) -> Health {
        let check = |state: &State| Check { name: "services", state: *state, why: "so".into() };
        Health(states.iter().map(check).collect())
    }

    #[test]
    fn the_worst_counts() {
        use State::{Dead, Degraded, NotReady, Well};
        for (states, live, ready) in [
            (&[][..], true, true),
            (&[Well, Well], true, true),
            (&[Well, Degraded], true, true),
            (&[NotReady, Well], true, false),
            (&[Well, Dead, Degraded], false, false),
        ] {
            let health = health(states);
            assert_eq!((health.is_live(), health.is_ready()), (live, ready), "{states:?}");
        }
    }

    #[test]
    fn as_json_it_says_what_is_wrong() {
        let read: serde_json::Value = serde_json::from_str(&health(&[State::NotReady]).to_json()).unwrap();
        assert_eq!(
            read,
            json!({"live": true, "ready": false, "checks": [{"name": "services", "state": "not_ready", "why": "so"}]})
        );
    }
}
