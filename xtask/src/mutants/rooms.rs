//! The rooms whose tests are judged, and the tests that judge them.

/// A room, or two that do one thing.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: &'static str,
    /// Its files, as globs from the root of the repository.
    pub(crate) files: &'static [&'static str],
    /// The unit tests of the runtime that are tried first: what their names begin with, or have in them.
    pub(crate) units: &'static [&'static str],
    /// What they have let pass is tried on these test programs of `tests/tests`.
    pub(crate) programs: &'static [&'static str],
}

pub(crate) const ROOMS: [Room; 6] = [
    Room {
        name: "mailbox",
        files: &["ember-runtime/src/mailbox/**"],
        units: &["mailbox::", "actor::", "call::"],
        programs: &["calls", "mailbox", "stopping"],
    },
    Room {
        name: "actor",
        files: &["ember-runtime/src/actor/**"],
        units: &["actor::", "mailbox::", "call::", "module::", "timer::", "event::"],
        programs: &[
            "calls",
            "elected",
            "lifecycle",
            "modules_dynamic",
            "short_calls",
            "stopping",
            "supervision",
            "watch",
        ],
    },
    Room {
        name: "call",
        files: &["ember-runtime/src/call/**"],
        units: &["call::", "actor::", "directory::breakers"],
        programs: &[
            "addresses",
            "by_name",
            "callers",
            "calls",
            "cancel",
            "cluster_calls",
            "elected",
            "hooks",
            "replicated",
            "retries",
            "runtimes",
            "selection",
            "spans",
            "streaming",
        ],
    },
    Room {
        name: "store",
        files: &["ember-runtime/src/registry/store/**"],
        units: &["registry::"],
        programs: &["registry_alike", "registry_conformance"],
    },
    Room {
        name: "election",
        files: &["ember-runtime/src/office/**", "ember-runtime/src/node/offices/*.rs"],
        units: &["office::", "offices::"],
        programs: &["elected", "elected_prove", "replicated"],
    },
    Room {
        name: "replica",
        files: &[
            "ember-runtime/src/replica/**",
            "ember-runtime/src/journal/**",
            "ember-runtime/src/node/offices/group/**",
        ],
        units: &["replica::", "journal::", "offices::", "erased::"],
        programs: &["replicated", "once", "journals", "replicated_prove"],
    },
];

/// Tests that need an etcd, which these runs have not.
pub(crate) const NEED_ETCD: &[&str] = &["etcd_"];
