//! One member of a replicated group before an election: whether the group's record lets it stand, or what its members claim.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::claims::{self, Claims, Says};
use crate::{
    directory::{ClaimRecord, GroupRecord, OfficeNow},
    id::Epoch,
    node::offices::group::facts::Facts,
    planted::{Bug, planted},
    replica::{InSync, Replica, Standing, rules},
};

/// What one candidate has of its group.
pub(in crate::node::offices) struct Membership {
    pub(in crate::node::offices) replica: Arc<Replica>,
    /// Since when the registry has had no record of its group and no claim, as far as the view says.
    unrecorded_since: Option<Instant>,
    pub(in crate::node::offices) claims: Claims,
    /// Who would be in sync if it were elected now.
    pub(in crate::node::offices) group: Option<InSync>,
    /// There is no registry, and nobody else.
    pub(in crate::node::offices) is_alone: bool,
    /// It goes on from a journal since then, and does not know what it has promised before.
    back_since: Option<Instant>,
}

/// Whether a member may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::node::offices) enum Stands {
    Now,
    /// Not before then.
    From(Instant),
    Not,
}

impl Membership {
    pub(in crate::node::offices) fn new(replica: Arc<Replica>) -> Self {
        let back_since = replica.is_back().then(Instant::now);
        Self { replica, unrecorded_since: None, claims: Claims::default(), group: None, is_alone: false, back_since }
    }

    /// The highest epoch that it has followed or led.
    pub(in crate::node::offices) fn epoch(&self) -> Epoch {
        self.replica.standing().epoch
    }

    /// It takes no office before then, as it has promised a master. `lease`: for how long it may have.
    pub(in crate::node::offices) fn promised(&self, lease: Duration) -> Option<Instant> {
        let before = self.back_since.filter(|_| !self.is_alone).map(|since| since + lease);
        self.replica.promised().max(before)
    }

    /// What it has to say, since the registry has less than is known. `lease`: how long one of its group may act who is not heard of.
    pub(in crate::node::offices) fn says(&mut self, facts: &Facts<'_>, lease: Duration) -> Says {
        if self.is_alone || self.replica.is_broken() {
            return Says::Nothing;
        }
        self.claims.look(&self.replica.standing(), self.replica.types(), facts, lease)
    }

    /// What it writes then: in this round, if it begins one.
    pub(in crate::node::offices) fn claim(&self, round: Option<u64>, office: &OfficeNow) -> ClaimRecord {
        claims::record(&self.replica.standing(), self.replica.types(), round, office)
    }

    /// Whether it may stand for its office now, which is free. `lease`: how long one of its group may act who is not heard of.
    ///
    /// All that is looked at here is compared by the election's transaction: the record, the round, and each claim that is seen. Whoever claims
    /// writes the round in the same transaction, so that what has been claimed and is not in the view yet keeps it from being elected.
    pub(in crate::node::offices) fn stands(&mut self, facts: &Facts<'_>, lease: Duration) -> Stands {
        if self.replica.is_broken() {
            return Stands::Not;
        }
        let own = self.replica.standing();
        if self.is_alone && own.knows.is_some() {
            return self.stands_alone(&own, facts);
        }
        let claimed = facts.office.highest_claim();
        let (record, highest) = (facts.office.record(), claimed.filter(|_| !planted(Bug::BelieveOlder)));
        let order = record.map(|(order, _)| order);
        if record.is_some() || highest.is_some() {
            self.unrecorded_since = None;
        }
        if rules::must_claim(own.knows, order, highest) {
            return match self.claims.wins(&own, facts, lease) {
                Some((set, settled)) => self.stands_with(set, settled, facts),
                None => Stands::Not,
            };
        }
        let Some((order, group)) = record else {
            if !rules::may_found(None, highest, own.knows, true) {
                return Stands::Not;
            }
            let since = *self.unrecorded_since.get_or_insert(facts.now);
            let waits = if planted(Bug::FoundAtOnce) { Duration::ZERO } else { lease };
            return self.stands_with(InSync::founded_by(own.member), since + waits, facts);
        };
        let GroupRecord { set, types } = group;
        let is_named_host = || set.members.iter().any(|it| it.pid.node.id == own.member.pid.node.id);
        if planted(Bug::EmptyWins) && own.knows.is_none() && is_named_host() {
            return self.stands_with(InSync::founded_by(own.member), facts.now, facts);
        }
        if set.members.is_empty() && highest <= Some(order) {
            return self.stands_anew(own, facts);
        }
        let may = rules::may_stand(own.member, own.knows, &set.members, order, highest, true);
        if !self.replica.has_types(*types) || !may {
            return Stands::Not;
        }
        self.stands_with(set.clone(), facts.now, facts)
    }

    /// An operator has accepted that all is lost: whoever is elected begins with nothing.
    fn stands_anew(&mut self, own: Standing, facts: &Facts<'_>) -> Stands {
        let own = if own.knows.is_some() {
            self.replica.forget();
            self.replica.standing()
        } else {
            own
        };
        self.stands_with(InSync::founded_by(own.member), facts.now, facts)
    }

    /// There is no registry whose record could be older or newer than what it has from its journal. It goes on if it was alone: others may have gone on
    /// without it.
    fn stands_alone(&mut self, own: &Standing, facts: &Facts<'_>) -> Stands {
        let was_alone = own.set.members.iter().all(|member| *member == own.member);
        if was_alone { self.stands_with(InSync::founded_by(own.member), facts.now, facts) } else { Stands::Not }
    }

    fn stands_with(&mut self, set: InSync, settled: Instant, facts: &Facts<'_>) -> Stands {
        let settled = facts.quiet_until.map_or(settled, |until| until.max(settled));
        if facts.now < settled {
            return Stands::From(settled);
        }
        self.group = Some(set);
        Stands::Now
    }

    /// What it writes if it is elected.
    pub(in crate::node::offices) fn record(&self) -> Option<GroupRecord> {
        Some(GroupRecord { set: self.group.clone()?, types: self.replica.types() })
    }

    /// It has been elected, by the record that it stood with.
    pub(in crate::node::offices) fn elected(&mut self, epoch: Epoch) {
        if let Some(group) = self.group.take() {
            self.replica.elect(epoch, group);
        }
    }
}
