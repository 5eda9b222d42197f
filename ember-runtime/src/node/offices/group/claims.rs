//! What one member of a replicated group says when the registry has less than it knows, or than others say that they know.
//!
//! A claim is written by a transaction that compares the group's record, so nobody claims because its view is late: whoever knows better than
//! the record of that very moment does so because that record is an older one, or none.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

use crate::{
    directory::{ClaimRecord, OfficeNow},
    node::offices::group::facts::Facts,
    replica::{Fingerprints, InSync, Member, Standing, rules},
};

/// A view that has less than a member knows may be late for so long. One that has gone back is not.
const LATE: Duration = Duration::from_millis(500);
/// A claim that was written, or was not, is given so much time to be seen.
const AFTER_A_CLAIM: Duration = Duration::from_millis(200);

/// What one member has claimed, and why.
#[derive(Debug, Default)]
pub(in crate::node::offices) struct Claims {
    /// How often the registry has been away, as far as has been looked at.
    outages: Option<u64>,
    /// The round that stood there when that was looked at: it may be out of a backup. Any other was begun since.
    stale: Option<u64>,
    /// The highest record that the view has shown: one that is lower now has gone back.
    shown: Option<rules::Order>,
    /// Since when the registry has less than is known.
    since: Option<Instant>,
    /// Since when there has been no master.
    vacant: Option<Instant>,
    /// A claim is being written.
    under_way: bool,
    /// It is not written again before then.
    not_before: Option<Instant>,
}

/// What a member has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::node::offices) enum Says {
    Nothing,
    /// To look again then.
    From(Instant),
    /// What it has; in a new round, if it `begins` one. `must`: it acts by no lease any more.
    Claim {
        begins: bool,
        must: bool,
    },
}

impl Claims {
    /// What it says now. `lease`: how long one of its group may act who is not heard of.
    pub(in crate::node::offices) fn look(
        &mut self,
        own: &Standing,
        types: Fingerprints,
        facts: &Facts<'_>,
        lease: Duration,
    ) -> Says {
        let Some(outages) = facts.heard else { return Says::Nothing };
        let office = facts.office;
        let nonce = office.round.map(|written| written.record.nonce);
        if self.outages.replace(outages) != Some(outages) {
            (self.stale, self.since) = (nonce, None);
        }
        let (record, highest) = (office.record().map(|(order, _)| order), office.highest_claim());
        self.shown = self.shown.max(record);
        if office.master.is_some() {
            self.vacant = None;
        } else {
            self.vacant.get_or_insert(facts.now);
        }
        let must = rules::must_claim(own.knows, record, highest);
        let from = if must {
            let since = *self.since.get_or_insert(facts.now);
            let is_sure = self.shown > record || highest > record;
            if is_sure { since } else { since + LATE }
        } else {
            self.since = None;
            // Nobody can be elected, it seems: an operator is to know who has what.
            match self.vacant.filter(|_| record.is_some() || highest.is_some()) {
                Some(vacant) => (vacant + 2 * lease).max(facts.quiet_until.unwrap_or(vacant)),
                None => return Says::Nothing,
            }
        };
        let from = Some(from).max(self.not_before).unwrap_or(from);
        if facts.now < from {
            return Says::From(from);
        }
        let begins = nonce.is_none() && must || rules::knows_better(own.knows, record) && !self.is_of_now(office);
        if self.under_way || !begins && has_said(own, types, office) || !may_say(own, types, office) {
            return Says::Nothing;
        }
        Says::Claim { begins, must }
    }

    /// Whether the round that stands was begun after the registry's last return, so that what answers it has been said since.
    fn is_of_now(&self, office: &OfficeNow) -> bool {
        office.round.is_some_and(|written| Some(written.record.nonce) != self.stale)
    }

    /// If what this member claims makes it the master, once others have had a lease of time to say more: the set, and when that is.
    pub(in crate::node::offices) fn wins(
        &self,
        own: &Standing,
        facts: &Facts<'_>,
        lease: Duration,
    ) -> Option<(InSync, Instant)> {
        let office = facts.office;
        let round = office.round.filter(|_| self.is_of_now(office))?.record.nonce;
        let record = office.record().map(|(order, _)| order);
        let claims: Vec<_> = office.claims().filter_map(claim).collect();
        let mine = claims.iter().find(|claim| claim.by == own.member)?;
        let is_mine = Some(mine.order) == own.knows && mine.members == own.set.members;
        // Claims of other rounds count as what was known: see `highest_claim`.
        let is_highest = Some(mine.order) >= office.highest_claim();
        // What an operator accepts makes a record, and needs no claims: see `loss`.
        let lost = BTreeSet::new();
        let wins = is_mine && is_highest && rules::claim_wins(mine, &claims, &lost, round, record, true);
        let settled = self.since? + lease;
        wins.then(|| (own.set.clone(), settled))
    }

    pub(in crate::node::offices) fn is_written(&mut self) {
        self.under_way = true;
    }

    pub(in crate::node::offices) fn was_written(&mut self, now: Instant) {
        self.under_way = false;
        self.not_before = Some(now + AFTER_A_CLAIM);
    }
}

/// What a member claims, in this round, or in that of `office`.
pub(in crate::node::offices) fn record(
    own: &Standing,
    types: Fingerprints,
    round: Option<u64>,
    office: &OfficeNow,
) -> ClaimRecord {
    let stands = office.round.map_or(0, |written| written.record.nonce);
    ClaimRecord {
        by: own.member,
        round: round.unwrap_or(stands),
        has_state: own.knows.is_some(),
        epoch: own.epoch,
        set: own.set.clone(),
        index: own.last,
        types,
    }
}

/// Whether it has claimed what it has; that its log has grown says nothing new.
fn has_said(own: &Standing, types: Fingerprints, office: &OfficeNow) -> bool {
    office.claims.get(&own.member).is_some_and(|said| {
        let says = record(own, types, None, office);
        said.record == ClaimRecord { index: said.record.index, ..says }
    })
}

/// Whether it lowers nothing that it has said itself. What another incarnation has said stands under a key of its own.
fn may_say(own: &Standing, types: Fingerprints, office: &OfficeNow) -> bool {
    let stands = office.claims.get(&own.member).and_then(|said| claim(&said.record));
    let says = claim(&record(own, types, None, office));
    says.is_none_or(|says| rules::claim_replaces(stands.as_ref(), &says))
}

fn claim(record: &ClaimRecord) -> Option<rules::Claim<BTreeSet<Member>>> {
    let order = record.order()?;
    Some(rules::Claim { by: record.by, round: record.round, order, members: record.set.members.clone() })
}
