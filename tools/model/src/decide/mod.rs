//! Decisions: those of `rules.rs`, unless they are left out, and those that the runtime has by other means, or does not have yet.

mod fresh;
mod loss;
pub(crate) mod outbox;
pub(crate) mod outcomes;

use crate::{
    left_out::Rule,
    model::Model,
    rules::{self, Members, Order},
    set::{Member, Set},
    world::{Batch, Claim, Disk, Group, Node, Role, World},
};

/// What a claim is to `rules.rs`.
type Said = rules::Claim<Set>;

/// Of the runtime's `rules.rs`.
impl Model {
    fn order(&self, epoch: u8, version: u8) -> Order {
        let epoch = if self.lacks(Rule::OrderIsAPair) { 0 } else { epoch };
        Order { epoch: epoch.into(), version: version.into() }
    }

    /// What a member knows of the set; nothing if it has no state.
    pub(crate) fn own(&self, node: &Node) -> Option<Order> {
        (node.up && node.has_state).then(|| self.order(node.epoch, node.version))
    }

    fn order_of(&self, group: Group) -> Order {
        self.order(group.epoch, group.version)
    }

    fn record(&self, world: &World) -> Option<Order> {
        world.registry.data.group.map(|group| self.order_of(group))
    }

    fn said(&self, claim: Claim) -> Said {
        Said {
            by: claim.by,
            round: claim.round.into(),
            order: self.order(claim.epoch, claim.version),
            members: claim.set,
        }
    }

    fn claims(&self, world: &World) -> Vec<Said> {
        let mut claims: Vec<Said> =
            world.registry.data.claims.iter().flatten().map(|claim| self.said(*claim)).collect();
        if self.lacks(Rule::ClaimOfThisRound) {
            claims.iter_mut().for_each(|claim| claim.round = world.registry.round.into());
        }
        claims
    }

    fn highest_claim(&self, world: &World) -> Option<Order> {
        // Of whatever round: see `OfficeNow::highest_claim`.
        let order = |claim: &Claim| self.order(claim.epoch, claim.version);
        world.registry.data.claims.iter().flatten().map(order).max()
    }

    /// Whose acknowledgements the master `me` needs.
    pub(crate) fn needed(&self, node: &Node, me: Member) -> Set {
        let shrinks = node.next.within(node.set);
        let alone = match node.next() {
            Some(next) if shrinks && self.lacks(Rule::RemovedAreNeeded) => next,
            Some(_) if !shrinks && self.lacks(Rule::AddedAreNeeded) => &node.set,
            next => return rules::needed(&node.set, next, me),
        };
        rules::needed(alone, None, me)
    }

    pub(crate) fn counts(&self, told: u8, version: u8) -> bool {
        self.lacks(Rule::VersionTold) || rules::counts(told.into(), version.into())
    }

    /// Up to where the log of the master at `place` is acknowledged.
    pub(crate) fn committed(&self, world: &World, place: usize) -> Option<u8> {
        let node = &world.nodes[place];
        let needed = self.needed(node, world.member(place));
        let barrier = if self.lacks(Rule::BarrierCommitted) { 0 } else { node.barrier() };
        let own = self.has_itself(world, place);
        let upto = rules::committed(&needed, own.into(), barrier.into(), |member| node.told_by(member))?;
        Some(upto as u8)
    }

    /// Up to where a master has its own log: with a journal, on its disk, together with the set under which that counts.
    fn has_itself(&self, world: &World, place: usize) -> u8 {
        let node = &world.nodes[place];
        if !self.bounds.journal || self.lacks(Rule::MasterKeepsToo) {
            return node.log.last();
        }
        let is_its =
            |disk: &Disk| disk.life == node.life && disk.epoch == node.epoch && self.counts(disk.version, node.version);
        world.disks[place].filter(is_its).map_or(0, |disk| disk.log.last())
    }

    /// Of what is `committed` so far: up to where replies may leave. Where too few are in sync, no further than before; a barrier says nothing.
    pub(crate) fn acknowledged(&self, node: &Node, committed: u8) -> u8 {
        let enough = self.enough(node) || self.lacks(Rule::EnoughAtRelease);
        let (before, barrier) = (node.acknowledged, node.barrier());
        if self.lacks(Rule::FoundWaits) && !enough {
            return committed.min(barrier);
        }
        let upto = rules::acknowledged(before.into(), committed.into(), barrier.into(), enough);
        u8::try_from(upto).expect("a log of the model is short")
    }

    pub(crate) fn may_follow(&self, node: &Node, epoch: u8) -> bool {
        let led = node.role != Role::Follows;
        (self.lacks(Rule::LowerEpochsRefused) && !led) || rules::may_follow(node.epoch.into(), led, epoch.into())
    }

    pub(crate) fn may_learn(&self, node: &Node, batch: &Batch) -> bool {
        let told = self.order(batch.epoch, batch.version);
        self.lacks(Rule::SetNotLowered) || rules::may_learn(self.order(node.epoch, node.version), told)
    }

    pub(crate) fn may_commit(&self, node: &Node, began: u8) -> bool {
        match node.leads() {
            Some(_) if self.lacks(Rule::HandlerInItsEpoch) => true,
            leads => rules::may_commit(began.into(), leads),
        }
    }

    pub(crate) fn may_change(&self, world: &World, place: usize, under_way: bool) -> bool {
        let free = self.lacks(Rule::ChangeByLease);
        rules::may_change(under_way, free || world.nodes[place].lease, free || world.registry.settled)
    }

    pub(crate) fn may_add(&self, node: &Node, learner: Member) -> bool {
        let told = node.told_by(learner).map(|upto| if self.lacks(Rule::AddedHasAll) { u64::MAX } else { upto });
        let barrier = if self.lacks(Rule::AddedAfterBarrier) { 0 } else { node.barrier() };
        rules::may_add(told, node.commit.into(), barrier.into())
    }

    pub(crate) fn must_drop(&self, set: &Set, next: Set, me: Member) -> bool {
        self.lacks(Rule::KeptWhileNamed) || rules::must_drop(set, (!next.is_empty()).then_some(&next), me)
    }

    pub(crate) fn may_go_on(&self, node: &Node) -> bool {
        let last = if self.lacks(Rule::OutstandingIsDropped) { node.commit } else { node.log.last() };
        rules::may_go_on(last.into(), node.commit.into())
    }

    pub(crate) fn knows_better(&self, world: &World, place: usize) -> bool {
        rules::knows_better(self.own(&world.nodes[place]), self.record(world))
    }

    /// Whether the one at `place` may be elected by the record that stands there now.
    pub(crate) fn may_stand(&self, world: &World, place: usize, group: Group) -> bool {
        let (node, me) = (&world.nodes[place], world.member(place));
        let mut named = group.set;
        let free = self.lacks(Rule::OnlyNamedStand) && node.has_state
            || self.lacks(Rule::NamesAreIncarnations) && named.at(place).is_some()
            || self.lacks(Rule::RecordCompared) && node.has_state && node.set.names(me);
        if free {
            named = named.with(me);
        }
        let claimed = if self.lacks(Rule::StandsBelowClaims) { None } else { self.highest_claim(world) };
        let own = if self.lacks(Rule::StandsBelowClaims) { None } else { self.own(node) };
        let settled = world.registry.settled || self.lacks(Rule::StandsSettled);
        rules::may_stand(me, own, &named, self.order_of(group), claimed, settled)
    }

    pub(crate) fn must_claim(&self, world: &World, place: usize) -> bool {
        let claimed = if self.lacks(Rule::AllClaim) { None } else { self.highest_claim(world) };
        rules::must_claim(self.own(&world.nodes[place]), self.record(world), claimed)
    }

    pub(crate) fn claim_replaces(&self, standing: Option<Claim>, claim: Claim) -> bool {
        let standing = standing.filter(|_| !self.lacks(Rule::ClaimNotLowered)).map(|standing| self.said(standing));
        rules::claim_replaces(standing.as_ref(), &self.said(claim))
    }

    /// Whether `claim` wins. What an operator accepts makes a record, and needs no claims.
    pub(crate) fn claim_wins(&self, world: &World, claim: Claim) -> bool {
        let lost = Set::default();
        let round = world.registry.round.into();
        let mut claims = self.claims(world);
        let mut claim = self.said(claim);
        if self.lacks(Rule::ClaimOfThisRound) {
            claim.round = round;
        }
        if self.lacks(Rule::ClaimIsHighest) {
            claims.iter_mut().for_each(|other| other.order = other.order.min(claim.order));
        }
        if self.lacks(Rule::ClaimNamesItself) {
            claim.members = claim.members.with(claim.by);
        }
        if self.lacks(Rule::ClaimIsComplete) {
            claim.members = Set::of(claim.members.each().filter(|member| *member == claim.by));
        }
        let settled = world.registry.settled || self.lacks(Rule::ClaimSettled);
        let above = self.lacks(Rule::ClaimIsHighest) || Some(claim.order) >= self.highest_claim(world);
        above && rules::claim_wins(&claim, &claims, &lost, round, self.record(world), settled)
    }

    /// Whether a claim says what its member has.
    pub(crate) fn is_own(&self, node: &Node, claim: Claim) -> bool {
        node.has_state && (node.epoch, node.version, node.set) == (claim.epoch, claim.version, claim.set)
    }

    pub(crate) fn may_found(&self, world: &World, place: usize) -> bool {
        let claimed = if self.lacks(Rule::FoundedUnclaimed) { None } else { self.highest_claim(world) };
        let settled = world.registry.settled || self.lacks(Rule::FoundedSettled);
        rules::may_found(self.record(world), claimed, self.own(&world.nodes[place]), settled)
    }

    /// The epoch of the one at `place`, should it become master now.
    pub(crate) fn next_epoch(&self, world: &World, place: usize) -> u8 {
        self.later(world, (!self.lacks(Rule::EpochByOwn)).then_some(world.nodes[place].epoch))
    }

    fn later(&self, world: &World, own: Option<u8>) -> u8 {
        let data = &world.registry.data;
        // By the clock, every epoch is beyond those of before.
        let clock =
            if self.lacks(Rule::EpochByOwn) || self.lacks(Rule::EpochByClock) { 0 } else { world.observer.highest + 1 };
        let claims = data.claims.iter().flatten().map(|claim| claim.epoch);
        let known = data.group.map(|group| group.epoch).into_iter().chain(claims).chain(own);
        rules::next_epoch(clock.into(), known.map(u64::from), 0) as u8
    }
}

/// Of the lease, and of what is to come.
impl Model {
    /// Whether the one at `place` has the right to act.
    pub(crate) fn may_act(&self, world: &World, place: usize) -> bool {
        let node = &world.nodes[place];
        node.is_master() && (node.lease || self.bounds.windows && self.window(world, place))
    }

    /// Acting by acknowledgements: every other member of the set has given one within the window.
    fn window(&self, world: &World, place: usize) -> bool {
        let node = &world.nodes[place];
        let needed = self.needed(node, world.member(place));
        let heard = |member: Member| node.told_by(member).is_some() && node.heard >> member.place() & 1 == 1;
        !needed.is_empty() && needed.each().all(heard)
    }

    /// Whether handlers start, and replies are computed.
    pub(crate) fn acts(&self, world: &World, place: usize) -> bool {
        world.nodes[place].role == Role::Leads && self.may_act(world, place)
    }

    /// Whether replies are released.
    pub(crate) fn answers(&self, world: &World, place: usize) -> bool {
        let unchecked = self.lacks(Rule::CheckedAtRelease) && world.nodes[place].leads().is_some();
        unchecked || self.acts(world, place)
    }

    /// The epoch in a read's token.
    pub(crate) fn read_epoch(&self, node: &Node) -> u8 {
        if self.lacks(Rule::TokenOfApplied) {
            return node.epoch;
        }
        node.log.epoch_at(node.applied).unwrap_or(0)
    }

    /// Whether so many are in sync that handlers which commit start, and their replies are released.
    pub(crate) fn enough(&self, node: &Node) -> bool {
        let next = (!node.next.is_empty()).then_some(&node.next);
        rules::are_enough(&node.set, next, self.bounds.enough.into())
    }
}
