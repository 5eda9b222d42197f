//! The pages of the guide (`docs/src`), so that `cargo test --doc` compiles and runs every Rust block in them. One type per page: a
//! failure names the page.

macro_rules! pages {
    ($($(#[$cfg:meta])* $name:ident: $path:literal,)*) => {$(
        $(#[$cfg])*
        #[doc = include_str!(concat!("../../docs/src/", $path))]
        #[derive(Debug)]
        struct $name;
    )*};
}

pages! {
    What: "what.md",
    FirstService: "first-service.md",
    Messages: "messages.md",
    WhatTravels: "what-travels.md",
    LargeValues: "large-values.md",
    Calling: "calling.md",
    Outcomes: "outcomes.md",
    Once: "once.md",
    Contracts: "contracts.md",
    Selection: "selection.md",
    Balancing: "balancing.md",
    Keys: "keys.md",
    Sharded: "sharded.md",
    Concurrent: "concurrent.md",
    Scaling: "scaling.md",
    Outages: "outages.md",
    Modules: "modules.md",
    KeyedModules: "keyed-modules.md",
    GenericModules: "generic-modules.md",
    LifeCycle: "life-cycle.md",
    ClusterEvents: "cluster-events.md",
    MissedEvents: "missed-events.md",
    Channels: "channels.md",
    FirstEmber: "first-ember.md",
    Timers: "timers.md",
    #[cfg(feature = "cron")]
    Calendar: "calendar.md",
    Supervision: "supervision.md",
    Thousands: "thousands.md",
    Batches: "batches.md",
    Outside: "outside.md",
    Offloaded: "offload.md",
    Answering: "answering.md",
    Streams: "streaming.md",
    Clusters: "clusters.md",
    Failures: "failures.md",
    Masters: "masters.md",
    Replicated: "replicated.md",
    Entries: "entries.md",
    ReplicatedLoss: "replicated-loss.md",
    Journal: "journal.md",
    Settled: "settled.md",
    ReplicatedReads: "replicated-reads.md",
    UniqueIds: "unique-ids.md",
    Addresses: "addresses.md",
    Deploying: "deploying.md",
    Mailboxes: "mailboxes.md",
    WhereCallsRun: "where-calls-run.md",
    HowFast: "how-fast.md",
    Signatures: "signatures.md",
    ByName: "by-name.md",
    #[cfg(feature = "telemetry")]
    Telemetry: "telemetry.md",
    Hooks: "hooks.md",
    Configuration: "configuration.md",
    #[cfg(feature = "testing")]
    Testing: "testing.md",
    #[cfg(feature = "testing")]
    Prove: "prove.md",
    CompilerErrors: "compiler-errors.md",
}
