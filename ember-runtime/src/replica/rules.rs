//! What the members of a replicated group decide: pure functions of epochs, versions and sets, each with the hole that it closes.
//!
//! `tools/model` includes this very file, tries what can happen to a group in every order, and looks what breaks when a rule is left
//! out. So nothing is used here but `std`, and what a member or a set of them is, is left open.

use std::collections::BTreeSet;

/// Members of a group. A member is one incarnation: who drops its state comes back as another, whom no set has named.
pub(crate) trait Members: Clone {
    /// Who is in it.
    type Member: Copy + Ord;

    /// Whether it names `member`.
    fn names(&self, member: Self::Member) -> bool;

    /// Everyone whom it names.
    fn each(&self) -> impl Iterator<Item = Self::Member>;

    /// Everyone whom this or `other` names.
    fn and(&self, other: &Self) -> Self;

    /// Everyone but `member`.
    fn without(&self, member: Self::Member) -> Self;
}

impl<M: Copy + Ord> Members for BTreeSet<M> {
    type Member = M;

    fn names(&self, member: M) -> bool {
        self.contains(&member)
    }

    fn each(&self) -> impl Iterator<Item = M> {
        self.iter().copied()
    }

    fn and(&self, other: &Self) -> Self {
        self | other
    }

    fn without(&self, member: M) -> Self {
        self.iter().copied().filter(|other| *other != member).collect()
    }
}

/// How new a member's knowledge of the in-sync set is, or the registry's record, or a claim.
///
/// It is compared as a pair: versions begin anew with a new group, so that by version alone the older of two could win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Order {
    /// The epoch of the master.
    pub(crate) epoch: u64,
    /// How often the set has changed.
    pub(crate) version: u64,
}

/// What a member says that it knows, when the registry has come back with less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim<S: Members> {
    /// Who claims.
    pub(crate) by: S::Member,
    /// The round that it answers: each return of the registry begins another, so that a claim out of a backup is none.
    pub(crate) round: u64,
    /// What it knows the set by.
    pub(crate) order: Order,
    /// The set that it knows.
    pub(crate) members: S,
}

// Replication.

/// Whose acknowledgements a master needs beside its own: while a change is under way, those of the members of both sets.
///
/// Nobody knows whether the registry has made the change until its answer is there, and either set may elect the next master.
pub(crate) fn needed<S: Members>(set: &S, next: Option<&S>, me: S::Member) -> S {
    next.map_or_else(|| set.clone(), |next| set.and(next)).without(me)
}

/// Whether an acknowledgement, given under `told`, counts under the set of `version`.
///
/// Who acknowledges without knowing of the set would not claim for it if the registry came back older, and who was taken out could win.
pub(crate) fn counts(told: u64, version: u64) -> bool {
    told == version
}

/// What a master, which knew all up to `before` to be acknowledged, acknowledges when all up to `committed` is with those in sync: also whether `enough`
/// are. With too few of them that is nothing: of what was in its log when it was elected it does not know whether enough had it. In its barrier
/// alone there is nothing that could be lost.
pub(crate) fn acknowledged(before: u64, committed: u64, barrier: u64, enough: bool) -> u64 {
    let upto = match enough {
        true => committed,
        false if before + 1 >= barrier => committed.min(barrier),
        false => before,
    };
    before.max(upto)
}

/// Up to where a master's log is acknowledged, given what each member has `acknowledged` (that counts); `None` if nothing can be said.
///
/// `last` is the end of its log, `barrier` the first record of its epoch. The commit index does not move before the barrier is
/// acknowledged: until then a new master does not know how much of its log has been, and may neither act nor [add](may_add) anybody. Alone
/// in its set it asks nobody.
pub(crate) fn committed<S: Members>(
    needed: &S,
    last: u64,
    barrier: u64,
    acknowledged: impl Fn(S::Member) -> Option<u64>,
) -> Option<u64> {
    let least = needed.each().map(|member| acknowledged(member).unwrap_or(0)).min();
    let upto = least.map_or(last, |least| least.min(last));
    (upto >= barrier).then_some(upto)
}

/// Whether so many members are in sync as a group is to have (`least`) when it takes something on, and when it says that something is
/// acknowledged: in the set, and in the next while a change is under way, since nobody knows which of both the registry has.
///
/// This is asked beside [`committed`], and never in its place: what is committed is what a later master has, and a set that may not
/// commit, not even the [`barrier`](committed), could take in nobody ([`may_add`]), and would stay too small for ever.
pub(crate) fn are_enough<S: Members>(set: &S, next: Option<&S>, least: usize) -> bool {
    set.each().count() >= least && next.is_none_or(|next| next.each().count() >= least)
}

/// Whether a member in `epoch` takes a batch of `batch`'s epoch.
///
/// What a master of before still ships would overwrite what the one after it has had acknowledged. Whoever `leads`, or has led, follows
/// only a later one: it has written the records of its own epoch itself.
pub(crate) fn may_follow(epoch: u64, leads: bool, batch: u64) -> bool {
    if leads { batch > epoch } else { batch >= epoch }
}

/// Whether a follower that knows `own` takes over the set of a batch, `told`. Its records it takes in any case.
///
/// A batch that comes late, by a link of before, would take it back to an older set, for which it would claim, or stand.
pub(crate) fn may_learn(own: Order, told: Order) -> bool {
    told >= own
}

/// Whether a handler that began when its member led `began` may commit while it leads `leads`.
///
/// In between another master may have answered that nothing of that handler was committed.
pub(crate) fn may_commit(began: u64, leads: Option<u64>) -> bool {
    leads == Some(began)
}

// The set.

/// Whether a master may ask for a change of the set: one at a time, while its `lease` is valid, and not before the registry's return is
/// [`settled`](may_stand).
///
/// After that return the record may be older, with the key of a master whose time is long over, and whose change would seem to be in order.
/// (The model misses these two when both are left out: each stands in for the other.)
pub(crate) fn may_change(under_way: bool, lease: bool, settled: bool) -> bool {
    !under_way && lease && settled
}

/// Whether a learner holds all that has been acknowledged, so that it may be named: `acknowledged` by it, `commit` of the master.
///
/// Before the `barrier` of its epoch is committed, a master does not know what has been acknowledged. From the moment it asks for
/// the change, nothing more is acknowledged without the new one ([`needed`]).
pub(crate) fn may_add(acknowledged: Option<u64>, commit: u64, barrier: u64) -> bool {
    commit >= barrier && acknowledged.is_some_and(|upto| upto >= commit)
}

/// Whether a deposed master drops its state, when it hears from a later master of its set, and of the next while a change is under way.
///
/// It must not while it is named, since as long as the record names it, it may be elected. When it is named no more it must: what it has
/// applied may never have been acknowledged. What it comes back as is another [member](Members), whom no older record names.
pub(crate) fn must_drop<S: Members>(set: &S, next: Option<&S>, me: S::Member) -> bool {
    !set.names(me) && !next.is_some_and(|next| next.names(me))
}

/// Whether a master that has given up its office, or lost it, follows the next one at once, with the state that it has: all of its log,
/// which ends at `last`, is acknowledged (`commit`).
///
/// Otherwise its state has what may be cut off, and it is deposed: see [`must_drop`]. Handlers that still run do not matter: they
/// [commit](may_commit) no more.
pub(crate) fn may_go_on(last: u64, commit: u64) -> bool {
    commit == last
}

// Office.

/// Whether a member, by what it has (`None`: it has no state), knows of something newer than the registry's `record`.
///
/// Then the registry has come back older, or empty, and whoever took office by its record could lack what has been acknowledged.
pub(crate) fn knows_better(own: Option<Order>, record: Option<Order>) -> bool {
    own > record
}

/// Whether `me` may take an office that is free, by the registry's record, which names `set` at `record`.
///
/// - The record names it: whoever is not in sync lacks what has been acknowledged.
/// - It is `settled`: one lease has passed since the registry's return, so that whoever knows better has claimed, and what is
///   held by a lease of before has ended.
/// - It does not itself [know better](knows_better), and no claim of this round is above the record: the record is too old. (Who
///   knows better has claimed by then; the first holds also for one that has not reached the registry until now.)
///
/// All that must hold of the very record which the election's transaction compares: by an older view of it, one could stand that has just
/// been taken out of the set.
pub(crate) fn may_stand<S: Members>(
    me: S::Member,
    own: Option<Order>,
    set: &S,
    record: Order,
    highest_claim: Option<Order>,
    settled: bool,
) -> bool {
    set.names(me) && settled && !knows_better(own, Some(record)) && highest_claim <= Some(record)
}

/// Whether a member says what it knows: its own knowledge, or somebody's claim, is above the registry's record.
///
/// If only those claimed who know better, a claim would wait for ever for the others whom its set names. Who claims gives up the right
/// to act by its lease: another claim may win.
pub(crate) fn must_claim(own: Option<Order>, record: Option<Order>, highest_claim: Option<Order>) -> bool {
    own.is_some() && (knows_better(own, record) || highest_claim > record)
}

/// Whether a claim takes the place of the one that stands there by the same member, or by an incarnation of it before (`None`: there is none).
///
/// It never lowers one of its round: what the incarnation before has said that it knew was acknowledged, also if that incarnation is gone.
pub(crate) fn claim_replaces<S: Members>(standing: Option<&Claim<S>>, claim: &Claim<S>) -> bool {
    standing.is_none_or(|standing| standing.round != claim.round || standing.order <= claim.order)
}

/// The highest claim of this round.
///
/// Those of other rounds say what was so before a backup was taken, and their claimants may have dropped it since.
pub(crate) fn highest_claim<'a, S: Members + 'a>(
    claims: impl IntoIterator<Item = &'a Claim<S>>,
    round: u64,
) -> Option<Order> {
    claims.into_iter().filter(|claim| claim.round == round).map(|claim| claim.order).max()
}

/// Whether `claim` makes its claimant the master, given all `claims` (its own among them) and the registry's record.
///
/// - It is of this round, and the round is [`settled`](may_stand): who knows better has one lease of time to say so.
/// - Its set names its claimant: whoever was taken out of a set, or only learns, may know its version, and lack its records.
/// - It is above the record, and the highest of its round: a later set may have acknowledged what this one's members lack.
/// - Everyone else whom its set names has claimed too, as the incarnation that is named: one who is missing may know of a later set.
///   Only an operator can say by name who is `lost` for ever, and need not be waited for.
pub(crate) fn claim_wins<'a, S: Members + 'a>(
    claim: &Claim<S>,
    claims: impl IntoIterator<Item = &'a Claim<S>> + Clone,
    lost: &S,
    round: u64,
    record: Option<Order>,
    settled: bool,
) -> bool {
    let claimed = |member| claims.clone().into_iter().any(|other| other.by == member && other.round == round);
    settled
        && claim.round == round
        && claim.members.names(claim.by)
        && Some(claim.order) > record
        && Some(claim.order) >= highest_claim(claims.clone(), round)
        && claim.members.each().all(|member| member == claim.by || claimed(member) || lost.names(member))
}

/// Whether a member may begin a new group: the registry has no record of one and no claim, one lease has passed since its
/// return (`settled`), and the member has no state (`own`).
///
/// A registry that came back empty has no record either, and its group lives on in its members.
pub(crate) fn may_found(
    record: Option<Order>,
    highest_claim: Option<Order>,
    own: Option<Order>,
    settled: bool,
) -> bool {
    settled && record.is_none() && highest_claim.is_none() && own.is_none()
}

/// The epoch of a new master: the milliseconds since 1970, if no epoch is known that is as high, or else one more than the highest, and
/// `leap` beyond that.
///
/// `known` are those of the registry's record, of every claim, and of the candidate itself. An older registry does not know
/// the latest, and neither may the candidate; the clock does, unless it was set back. Then `leap`, of each candidate its own, is what keeps
/// two that do not know of each other from the same number.
pub(crate) fn next_epoch(milliseconds: u64, known: impl IntoIterator<Item = u64>, leap: u64) -> u64 {
    let highest = known.into_iter().max().filter(|highest| *highest >= milliseconds);
    highest.map_or(milliseconds, |highest| highest.saturating_add(1).saturating_add(leap))
}
