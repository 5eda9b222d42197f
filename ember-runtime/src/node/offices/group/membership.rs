//! One member of a replicated group before an election: whether the group's record lets it stand.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    directory::GroupRecord,
    id::Epoch,
    node::offices::candidate::Facts,
    replica::{InSync, Replica, rules},
};

/// What one candidate has of its group.
pub(in crate::node::offices) struct Membership {
    pub(in crate::node::offices) replica: Arc<Replica>,
    /// Since when the registry has had no record of its group, as far as the view says.
    unrecorded_since: Option<Instant>,
    /// Who would be in sync if it were elected now.
    pub(in crate::node::offices) group: Option<InSync>,
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
        Self { replica, unrecorded_since: None, group: None }
    }

    /// The highest epoch that it has followed or led.
    pub(in crate::node::offices) fn epoch(&self) -> Epoch {
        self.replica.standing().epoch
    }

    /// Whether it may stand for its office now, which is free. `lease`: how long one of its group may act who is not heard of.
    pub(in crate::node::offices) fn stands(&mut self, facts: &Facts<'_>, lease: Duration) -> Stands {
        let own = self.replica.standing();
        let known = own.knows;
        let record = facts.office.epoch.as_ref().and_then(|it| Some((it.record.epoch, it.record.group.as_ref()?)));
        let Some((epoch, group)) = record else {
            let since = *self.unrecorded_since.get_or_insert(facts.now);
            let settled = (since + lease).max(facts.quiet_until.unwrap_or(since));
            if !rules::may_found(None, None, known, true) {
                return Stands::Not;
            }
            if facts.now < settled {
                return Stands::From(settled);
            }
            self.group = Some(InSync::founded_by(own.member));
            return Stands::Now;
        };
        self.unrecorded_since = None;
        if let Some(until) = facts.quiet_until.filter(|until| facts.now < *until) {
            return Stands::From(until);
        }
        let GroupRecord { set, types } = group;
        let record = rules::Order { epoch: epoch.number(), version: set.version };
        if !self.replica.has_types(*types) || !rules::may_stand(own.member, known, &set.members, record, None, true) {
            return Stands::Not;
        }
        self.group = Some(set.clone());
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
