//! The behaviour of services, once for each way in which local calls can be run: it must be the same.

use std::process::Command;

use crate::shell;

/// What `EMBER_LOCAL_CALLS` is set to. The default is what all other tests run with.
const WAYS: &[&str] = &["short", "queued", "random:20261121"];

/// The tests whose services are called on their own node.
const BEHAVIOUR: &[&str] = &[
    "addresses",
    "calls",
    "calls_many",
    "callers",
    "calls_order",
    "cancel",
    "cluster_calls",
    "cluster_order",
    "codecs",
    "deferred",
    "events",
    "extensions",
    "fairness",
    "headers",
    "hooks",
    "lifecycle",
    "mailbox",
    "modules",
    "modules_dynamic",
    "modules_dynamic_calls",
    "modules_dynamic_owned",
    "panics",
    "retries",
    "selection",
    "spawn",
    "streaming",
    "supervision",
    "timers",
    "timers_runtime",
    "watch",
];

/// One `cargo test` for each way.
pub(super) fn runners() -> impl Iterator<Item = Command> {
    WAYS.iter().map(|way| {
        // The whole workspace, so that what the tests before have built is built no second time, with other features.
        let mut runner = shell::cargo(&["test", "--all-features", "--no-fail-fast", "--workspace"]);
        runner.args(BEHAVIOUR.iter().flat_map(|name| ["--test", name])).env("EMBER_LOCAL_CALLS", way);
        runner
    })
}
