//! Bugs that the judge must find. They are in builds with `--cfg ember_planted` only, which `cargo xtask planted` makes; there the variable
//! `EMBER_PLANTED` chooses one. In every other build the answer is a constant. Nothing else lives here.

/// A bug of the runtime, as it could be written by mistake: one word or line at the place that asks for it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "embedded"), allow(dead_code, reason = "the places of some are not built"))]
pub(crate) enum Bug {
    /// A master takes a call that was sent to it for another epoch.
    EpochAtCallee,
    /// The watch of the registry begins now, not where the list ended.
    WatchFromNow,
    /// A call that may have been executed is made again.
    RetryMaybeExecuted,
    /// A master acts on when the time of its lease is over.
    KeepRole,
    /// What a list of the registry does not show any more stays in the view.
    ForgetGone,
    /// The entry of a service that ended while the registry was away is not looked for.
    ForgetOffice,
    /// A reply is released, and taken by its caller, without a look at whether its master still acts.
    ReplyUnchecked,
    /// After an outage of the registry whoever comes first takes an office, though another may still act.
    ClaimAtOnce,
    /// An epoch counts the claims that the registry has seen, not all that are known.
    CountClaims,
    /// A member of a replicated group applies what it has received, committed or not.
    ApplyOnReceipt,
    /// A replicated group's master needs no acknowledgement of those whom the next set does not name, before the registry has made that.
    ShrinkAtOnce,
    /// A member that drops its state keeps its name.
    KeepName,
    /// A new master takes all that it has for acknowledged, and begins at once.
    ForgetBarrier,
    /// A reply of a replicated service waits for no acknowledgement.
    ReplyAtOnce,
    /// Acknowledgements count whatever version of the set they were given under.
    CountAnyVersion,
    /// `cx.settled()` waits for no acknowledgement.
    SettledAtOnce,
    /// The set in sync names hosts: a member that has been started again, with nothing, takes the office of its group.
    EmptyWins,
    /// Whoever is named by the registry's record takes the office, also if others have claimed that it is an older one.
    BelieveOlder,
    /// Where the registry has no record a new group begins at once.
    FoundAtOnce,
    /// Who learns the state of its group learns it without what became of calls.
    ForgetOutcomes,
    /// Who learns the state of its group learns it without the calls that it owes to others.
    ForgetOwed,
    /// A call that is committed with an entry leaves before that is acknowledged.
    SendAtOnce,
    /// What members promise their master counts from when it hears so, not from when it asked.
    PromiseFromReceipt,
    /// Who wants events is forgotten with its place in the view, and nobody says it again after a reconnect.
    ForgetInterest,
    /// When the workers of a concurrent service become more or fewer, what waits under a key goes to another worker than the one that has it.
    MoveKey,
    /// Of a sharded service the key chooses among as many shards as may be at work just now.
    ShardByWorkers,
}

/// Whether this build has the bug.
#[cfg(not(ember_planted))]
#[inline(always)]
pub(crate) const fn planted(_: Bug) -> bool {
    false
}

#[cfg(ember_planted)]
pub(crate) use chosen::planted;

#[cfg(ember_planted)]
mod chosen {
    use std::{env, sync::LazyLock};

    use super::Bug;

    const VARIABLE: &str = "EMBER_PLANTED";

    /// By the names that `EMBER_PLANTED` has for them.
    const BUGS: [(&str, Bug); 26] = [
        ("epoch-at-callee", Bug::EpochAtCallee),
        ("watch-from-now", Bug::WatchFromNow),
        ("retry-maybe-executed", Bug::RetryMaybeExecuted),
        ("keep-role", Bug::KeepRole),
        ("forget-gone", Bug::ForgetGone),
        ("forget-office", Bug::ForgetOffice),
        ("reply-unchecked", Bug::ReplyUnchecked),
        ("claim-at-once", Bug::ClaimAtOnce),
        ("count-claims", Bug::CountClaims),
        ("apply-on-receipt", Bug::ApplyOnReceipt),
        ("shrink-at-once", Bug::ShrinkAtOnce),
        ("keep-name", Bug::KeepName),
        ("forget-barrier", Bug::ForgetBarrier),
        ("reply-at-once", Bug::ReplyAtOnce),
        ("count-any-version", Bug::CountAnyVersion),
        ("settled-at-once", Bug::SettledAtOnce),
        ("empty-wins", Bug::EmptyWins),
        ("believe-older", Bug::BelieveOlder),
        ("found-at-once", Bug::FoundAtOnce),
        ("forget-outcomes", Bug::ForgetOutcomes),
        ("forget-owed", Bug::ForgetOwed),
        ("send-at-once", Bug::SendAtOnce),
        ("promise-from-receipt", Bug::PromiseFromReceipt),
        ("forget-interest", Bug::ForgetInterest),
        ("move-key", Bug::MoveKey),
        ("shard-by-workers", Bug::ShardByWorkers),
    ];

    static CHOSEN: LazyLock<Option<Bug>> = LazyLock::new(|| {
        let said = env::var(VARIABLE).ok().filter(|said| said != "none")?;
        let named = BUGS.iter().find(|(name, _)| *name == said).map(|(_, bug)| *bug);
        let names = || BUGS.map(|(name, _)| name).join(", ");
        Some(named.unwrap_or_else(|| panic!("`{VARIABLE}={said}` names no bug: write `none`, or one of {}", names())))
    });

    pub(crate) fn planted(bug: Bug) -> bool {
        *CHOSEN == Some(bug)
    }
}
