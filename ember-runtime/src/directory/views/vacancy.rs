//! Why a replicated group has no master, if that does not end by itself: who alone could go on for it is gone, or has not said what it has.

use std::fmt::{self, Write as _};

use super::offices::OfficeNow;
use crate::{
    directory::records::{ClaimRecord, GroupRecord},
    id::Pid,
    replica::{Member, rules::Order},
};

/// Why nobody can take an office, and who has what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Vacancy {
    /// None of those who were in sync lives.
    Gone(Vec<Member>),
    /// The registry came back with less than is known, and of those who may know more these have not said what they have.
    Missing(Vec<Member>),
}

impl OfficeNow {
    /// The record of a replicated group, and how new that is.
    pub(crate) fn record(&self) -> Option<(Order, &GroupRecord)> {
        let written = &self.epoch.as_ref()?.record;
        let group = written.group.as_ref()?;
        Some((Order { epoch: written.epoch.number(), version: group.set.version }, group))
    }

    /// The highest that anybody has claimed.
    ///
    /// Of whatever round: one out of a backup, or of a member that has died since, says no less that this was known. Who knows as much or more
    /// claims it too, and if nobody does, what came after the record is lost.
    pub(crate) fn highest_claim(&self) -> Option<Order> {
        self.claims().filter_map(ClaimRecord::order).max()
    }

    pub(crate) fn claims(&self) -> impl Iterator<Item = &ClaimRecord> + Clone {
        self.claims.values().map(|written| &written.record)
    }

    /// By what a member is reached: it may have been started again since it was named. Of several that go by one name the last is it.
    pub(crate) fn reached(&self, member: Member) -> Pid {
        let runs = self.names.iter().filter(|(_, name)| **name == member.pid).map(|(pid, _)| *pid);
        runs.max_by_key(|pid| (pid.node.incarnation, pid.number)).unwrap_or(member.pid)
    }

    /// What this instance has said that it has.
    pub(crate) fn claim_of(&self, pid: Pid) -> Option<&ClaimRecord> {
        let pid = self.names.get(&pid).copied().unwrap_or(pid);
        self.claims().filter(|claim| claim.by.pid == pid).max_by_key(|claim| claim.by)
    }

    /// Whether a member is there with what it had when it was named, as far as is known.
    pub(crate) fn lives(&self, member: Member) -> bool {
        let has_it = |claim: &ClaimRecord| claim.by == member && claim.has_state;
        self.members.contains(&self.reached(member)) && self.claim_of(member.pid).is_none_or(has_it)
    }

    /// Why nobody can be elected, if it is so. Nothing for a group that has not begun, or that begins anew.
    pub(crate) fn vacancy(&self) -> Option<Vacancy> {
        if self.master.is_some() {
            return None;
        }
        let (record, highest) = (self.record(), self.highest_claim());
        let order = record.map(|(order, _)| order);
        if highest <= order {
            let (_, group) = record?;
            let named = &group.set.members;
            let goes_on = named.is_empty() || named.iter().any(|member| self.lives(*member));
            return (!goes_on).then(|| Vacancy::Gone(named.iter().copied().collect()));
        }
        let round = self.round.map_or(0, |written| written.record.nonce);
        let said = |member: &Member| self.claims.get(member).is_some_and(|it| it.record.round == round);
        let best: Vec<_> = self.claims().filter(|claim| claim.order() == highest).collect();
        let wins = |claim: &&ClaimRecord| {
            let named = &claim.set.members;
            self.lives(claim.by) && named.contains(&claim.by) && named.iter().all(said)
        };
        if best.iter().any(wins) {
            return None;
        }
        let named = best.iter().flat_map(|claim| &claim.set.members).copied();
        let missing: Vec<_> = named.clone().filter(|member| !said(member) || !self.lives(*member)).collect();
        Some(Vacancy::Missing(if missing.is_empty() { named.collect() } else { missing }))
    }

    /// Those who are the group's, as far as anybody knows, and live with what they had.
    pub(crate) fn in_sync_and_alive(&self) -> Vec<Member> {
        let record = self.record();
        let highest = self.highest_claim();
        let sets: Vec<_> = match record {
            Some((order, group)) if highest <= Some(order) => vec![&group.set],
            _ => self.claims().filter(|claim| claim.order() == highest).map(|claim| &claim.set).collect(),
        };
        let named = sets.into_iter().flat_map(|set| &set.members).copied();
        named.filter(|member| self.lives(*member)).collect()
    }
}

impl fmt::Display for Vacancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |members: &[Member]| members.iter().map(|it| it.pid.to_string()).collect::<Vec<_>>().join(", ");
        match self {
            Self::Gone(members) => {
                write!(
                    f,
                    "all members that had what was acknowledged, by the registry's record, are gone: {}",
                    list(members)
                )
            }
            Self::Missing(members) => write!(
                f,
                "the registry came back with less than is known, and of those who may have what was acknowledged these are missing: {}",
                list(members)
            ),
        }
    }
}

/// Who says that it has what, for an operator.
pub(crate) fn what_they_have(office: &OfficeNow) -> String {
    let mut text = String::new();
    for claim in office.claims().filter(|claim| claim.has_state && office.lives(claim.by)) {
        let between = if text.is_empty() { "" } else { "; " };
        let ClaimRecord { by, epoch, index, set, .. } = claim;
        let by = office.reached(*by);
        let _infallible = write!(text, "{between}{by} has record {index}, of epoch {epoch}, set {}", set.version);
    }
    if text.is_empty() { "nobody has said that it has anything".into() } else { text }
}
