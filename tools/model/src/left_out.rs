//! Rules that can be left out, one by one: each must then be missed.

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    // Of `rules.rs`.
    AddedAreNeeded,
    RemovedAreNeeded,
    VersionTold,
    ToldAnew,
    BarrierFirst,
    BarrierCommitted,
    LowerEpochsRefused,
    HandlerInItsEpoch,
    ChangeByLease,
    AddedHasAll,
    AddedAfterBarrier,
    KeptWhileNamed,
    OutstandingIsDropped,
    OnlyNamedStand,
    StandsSettled,
    StandsBelowClaims,
    OrderIsAPair,
    AllClaim,
    ClaimNotLowered,
    ClaimOfThisRound,
    ClaimSettled,
    ClaimNamesItself,
    ClaimIsHighest,
    ClaimIsComplete,
    FoundedSettled,
    FoundedUnclaimed,
    EpochByOwn,
    EpochByClock,
    // Of what carries them out.
    RecordCompared,
    DroppedIsAnother,
    NamesAreIncarnations,
    AppliedWhenCommitted,
    ClaimEndsLease,
    KeyGivenUp,
    CheckedAtRelease,
    KnowersReachRegistry,
    SetNotLowered,
    TailKept,
    // Of what is to come.
    WindowHeld,
    LearnersHold,
    BidderIsSilent,
    WindowFromSending,
    TokenOfApplied,
    AskWaitsForHandler,
    OutcomesKept,
    TableInSnapshot,
    ReplyWhenAcknowledged,
    EnoughAtRelease,
    FoundWaits,
    BegunIsKnown,
    BegunIsNotRun,
    OverIsNotRun,
    VoidIsWritten,
    VoidWhenAcknowledged,
    OwedWhenAcknowledged,
    PaidWhenAnswered,
    CalleeDedupes,
    OwedByItsEpoch,
    OwedInRows,
    OutboxInSnapshot,
    FreshAsksAll,
    FreshWithoutChange,
    FreshByVersion,
    FreshAfterBarrier,
    SaidWhenOnDisk,
    MasterKeepsToo,
    DamageIsRefused,
    BackHolds,
    ClaimOutlives,
    LossIsRefused,
    MostGoesOn,
}

/// What is said of a rule: its name on the command line, and what happens instead.
pub(crate) struct Entry {
    pub(crate) rule: Rule,
    pub(crate) name: &'static str,
    pub(crate) instead: &'static str,
}

macro_rules! table {
    ($($rule:ident $name:literal $instead:literal)*) => {
        /// All of them.
        pub(crate) const TABLE: &[Entry] =
            &[$(Entry { rule: Rule::$rule, name: $name, instead: $instead }),*];
    };
}

table! {
    AddedAreNeeded "added-are-needed" "who is being added counts only when the registry has answered"
    RemovedAreNeeded "removed-are-needed" "who is being taken out counts no more as soon as that is asked for"
    VersionTold "version-told" "an acknowledgement counts although its member does not know of the set"
    ToldAnew "told-anew" "what was acknowledged under the set of before counts when the set has changed"
    BarrierFirst "barrier-first" "a new master takes what it has for committed, and begins at once"
    BarrierCommitted "barrier-committed" "a new master begins when something is committed, not its barrier"
    LowerEpochsRefused "lower-epochs-refused" "a follower takes batches of a lower epoch"
    HandlerInItsEpoch "handler-in-its-epoch" "a handler of an earlier epoch commits in a later one of its member"
    ChangeByLease "change-by-lease" "the set changes without a valid lease, or right after the registry's return"
    AddedHasAll "added-has-all" "a learner is added before it holds all that is acknowledged"
    AddedAfterBarrier "added-after-barrier" "a learner is added before the master's barrier is committed"
    KeptWhileNamed "kept-while-named" "a deposed master drops its state while the set names it"
    OutstandingIsDropped "outstanding-is-dropped" "a resigned master follows at once, though records of its are not acknowledged"
    OnlyNamedStand "only-named-stand" "a member stands that the record does not name"
    StandsSettled "stands-settled" "an election by the record right after the registry's return"
    StandsBelowClaims "stands-below-claims" "an election by the record while a claim is above it"
    OrderIsAPair "order-is-a-pair" "what is newer goes by the set's version alone"
    AllClaim "all-claim" "only who knows better than the record claims"
    ClaimNotLowered "claim-not-lowered" "a later incarnation replaces the higher claim of the one before"
    ClaimOfThisRound "claim-of-this-round" "claims out of a backup count"
    ClaimSettled "claim-settled" "a claim wins before one lease has passed since the registry's return"
    ClaimNamesItself "claim-names-itself" "a claim wins whose set does not name its claimant"
    ClaimIsHighest "claim-is-highest" "a claim wins though there is a higher one"
    ClaimIsComplete "claim-is-complete" "a claim wins though others that it names have not claimed"
    FoundedSettled "founded-settled" "a group is founded right after the registry's return"
    FoundedUnclaimed "founded-unclaimed" "a group is founded though there is a claim"
    EpochByOwn "epoch-by-own" "a new epoch counts neither what the candidate knows nor the clock"
    EpochByClock "epoch-by-clock" "a new epoch does not count the clock"
    RecordCompared "record-compared" "a candidate trusts its view of the set: the transaction does not compare the record"
    DroppedIsAnother "dropped-is-another" "who drops its state keeps its incarnation"
    NamesAreIncarnations "names-are-incarnations" "the set names places: one that has started again, empty, may stand"
    AppliedWhenCommitted "applied-when-committed" "a follower applies what it receives"
    ClaimEndsLease "claim-ends-lease" "a master that has claimed goes on by its old lease"
    KeyGivenUp "key-given-up" "the key of an office long over comes back with a backup, and stays"
    CheckedAtRelease "checked-at-release" "the right to act is not looked at where a reply is released"
    KnowersReachRegistry "knowers-reach-registry" "who knows better does not reach the registry within a lease (a limit, not a rule)"
    SetNotLowered "set-not-lowered" "a batch that comes late takes a follower back to an older set"
    TailKept "tail-kept" "a batch that comes late cuts off what came after it"
    WindowHeld "window-held" "a member takes an office before the window that it gave has ended"
    LearnersHold "learners-hold" "the acknowledgement of a learner gives no window"
    BidderIsSilent "bidder-is-silent" "a member acknowledges while its bid is under way"
    WindowFromSending "window-from-sending" "the master's window counts from when an acknowledgement came"
    TokenOfApplied "token-of-applied" "a read's token has the epoch that the member follows, not that of what it has applied"
    AskWaitsForHandler "ask-waits-for-handler" "a call becomes void while its handler runs"
    OutcomesKept "outcomes-kept" "the table holds one outcome, and what it has dropped counts as never heard of"
    TableInSnapshot "table-in-snapshot" "snapshots lack the table of outcomes"
    ReplyWhenAcknowledged "reply-when-acknowledged" "a reply leaves before its record is acknowledged"
    EnoughAtRelease "enough-at-release" "the least number in sync is looked at only where a handler starts"
    FoundWaits "found-waits" "a new master takes what it finds for acknowledged, however few are in sync"
    BegunIsKnown "begun-is-known" "the log does not say of which call what a handler commits is"
    BegunIsNotRun "begun-is-not-run" "a call that has begun, and has no outcome, is run again"
    OverIsNotRun "over-is-not-run" "a call for which its caller does not ask any more counts as never heard of"
    VoidIsWritten "void-is-written" "NothingCommitted is answered, and nothing in the log says so"
    VoidWhenAcknowledged "void-when-acknowledged" "NothingCommitted is answered before its record is acknowledged"
    OwedWhenAcknowledged "owed-when-acknowledged" "a call that is owed leaves before its record is acknowledged"
    PaidWhenAnswered "paid-when-answered" "a call that is owed counts as answered when it was made"
    CalleeDedupes "callee-dedupes" "the callee does not know the calls that it has run"
    OwedByItsEpoch "owed-by-its-epoch" "calls that are owed are told apart by the epoch of the first, and their number"
    OwedInRows "owed-in-rows" "the callee takes no call that is owed by a record of a lower epoch than another that it was asked for"
    OutboxInSnapshot "outbox-in-snapshot" "snapshots lack what is owed"
    FreshAsksAll "fresh-asks-all" "a fresh read asks the master alone"
    FreshWithoutChange "fresh-without-change" "a fresh read believes a master whose set is being changed"
    FreshByVersion "fresh-by-version" "a fresh read asks those of an older set"
    FreshAfterBarrier "fresh-after-barrier" "a fresh read believes a master whose barrier is not acknowledged"
    SaidWhenOnDisk "said-when-on-disk" "a member with a journal answers, and claims, before that is on its disk"
    MasterKeepsToo "master-keeps-too" "a master counts what is not on its own disk"
    DamageIsRefused "damage-is-refused" "a journal that has lost its end is taken for a shorter one"
    BackHolds "back-holds" "who starts again on its journal takes an office at once, though it has given a window before"
    ClaimOutlives "claim-outlives" "a claim goes with its claimant's lease"
    LossIsRefused "loss-is-refused" "a loss is accepted while a member lives that has all"
    MostGoesOn "most-goes-on" "an older record names nobody who lives, and one goes on that has less than another"
}

/// Those that are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LeftOut(u128);

impl LeftOut {
    pub(crate) fn of(rules: &[Rule]) -> Self {
        Self(rules.iter().fold(0, |bits, rule| bits | 1 << *rule as u32))
    }

    pub(crate) fn has(self, rule: Rule) -> bool {
        self.0 >> rule as u32 & 1 == 1
    }
}

/// The entry of this name.
pub(crate) fn named(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.name == name)
}
