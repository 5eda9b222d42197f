//! One instance that stands for its group's office: where it is in that, and what to do next, as the view and the lease say. Nothing
//! here waits, or asks anybody.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::group::{Facts, Membership, Says, Stands, next_epoch};
use crate::{
    directory::{MasterRecord, OfficeNow},
    id::{Epoch, Pid},
    office::{OfficeName, OfficeSeat, Role, Term},
    planted::{Bug, planted},
    replica::Replica,
};

/// After a bid that failed, or whose outcome is not known, the view is given so much time to show why.
const AFTER_A_BID: Duration = Duration::from_millis(200);
/// Whoever has failed to take up an office lets others try for so long, and ever longer,
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);
/// up to this.
const LONGEST: Duration = Duration::from_secs(30);

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It holds nothing.
    Out,
    /// It has asked the registry for the office.
    Bidding,
    /// It was elected.
    Elected {
        epoch: Epoch,
        term: Term,
        /// Of the entry.
        revision: i64,
        /// The view has shown the entry.
        seen: bool,
    },
    /// It removes its entry.
    Leaving,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// Look again then.
    Wait(Instant),
    /// Ask the registry for the office.
    Bid(Epoch),
    /// Remove the entry of this revision.
    Vacate(i64),
    /// Tell the registry, which has forgotten it, that there was this epoch.
    Raise(Epoch),
    /// It holds the office no more.
    Lost,
    /// Give the office up, and remove its entry: the registry has less than its group knows.
    Yield,
    /// Say what it has of its group's state, in a new round if it begins one.
    Claim {
        begins: bool,
    },
}

pub(super) struct Candidate {
    pub(super) office: OfficeName,
    pub(super) pid: Pid,
    pub(super) seat: Arc<OfficeSeat>,
    /// Its share in its group's state, if that is replicated.
    pub(super) member: Option<Membership>,
    /// How long it asks to act after it was last heard; none where there is no registry.
    asked: Duration,
    /// In which epoch it has found another lease last.
    pub(super) other_in: Option<Epoch>,
    pub(super) stage: Stage,
    /// Its service has begun its work.
    pub(super) begun: bool,
    /// It is to give its office up.
    pub(super) resigns: bool,
    /// The office that it has been told to give up because its service is paused.
    paused_in: Option<Epoch>,
    /// Since when the office has been free, as far as the view says.
    free_since: Option<Instant>,
    /// It stands for nothing before then.
    pub(super) not_before: Option<Instant>,
    /// What its service was told last.
    told: Option<(Role, Epoch)>,
    /// What is known better than the registry knows it is told again then.
    raise_at: Option<Instant>,
    /// The registry did not remove its entry: it is asked again then.
    vacate_at: Option<Instant>,
    /// The entry that it has removed last, which the view may still show.
    vacated: Option<i64>,
    failures: u32,
    /// How often the registry had been away when it was heard last.
    heard: Option<u64>,
    /// That nobody can be elected has been said last: of which epoch, and when.
    pub(super) warned: Option<(Option<Epoch>, Instant)>,
    pub(super) vacant_since: Option<Instant>,
}

impl Candidate {
    pub(super) fn new(
        (office, pid): (OfficeName, Pid),
        seat: Arc<OfficeSeat>,
        replica: Option<Arc<Replica>>,
        asked: Duration,
    ) -> Self {
        Self {
            office,
            pid,
            seat,
            member: replica.map(Membership::new),
            asked: whole_seconds(asked),
            other_in: None,
            stage: Stage::Out,
            begun: false,
            resigns: false,
            paused_in: None,
            free_since: None,
            not_before: None,
            told: None,
            raise_at: None,
            vacate_at: None,
            vacated: None,
            failures: 0,
            heard: None,
            warned: None,
            vacant_since: None,
        }
    }

    /// What to do now.
    pub(super) fn step(&mut self, facts: &Facts<'_>) -> Step {
        let lease = self.longest_lease(facts.office);
        let returned = facts.heard.is_some_and(|now| self.heard.replace(now).is_some_and(|before| before != now));
        let elected = match &mut self.stage {
            Stage::Elected { epoch, seen, .. } => {
                // Where the registry has been away meanwhile, the view does not lag behind the election: what it has not is lost.
                *seen |= returned || facts.office.is_held_by(self.pid, *epoch);
                Some(*seen)
            }
            _ => None,
        };
        // Of one that bids it is not known what it is, and to a view that lags behind its election it knows better.
        let looks = self.stage != Stage::Bidding && elected != Some(false);
        let says = self.member.as_mut().filter(|_| looks).map_or(Says::Nothing, |member| member.says(facts, lease));
        let again = match (says, elected) {
            // Another claim may win: by its lease it acts no more.
            (Says::Claim { must: true, .. }, Some(_)) => return Step::Yield,
            (Says::Claim { begins, .. }, None) => return Step::Claim { begins },
            (Says::From(at), _) => Some(at),
            _ => None,
        };
        match (self.goes_on(facts, lease), again) {
            (Step::Nothing, Some(at)) => Step::Wait(at),
            (Step::Wait(at), Some(earlier)) => Step::Wait(at.min(earlier)),
            (step, _) => step,
        }
    }

    /// What to do if nothing is to be said.
    fn goes_on(&mut self, facts: &Facts<'_>, lease: Duration) -> Step {
        let OfficeNow { master, highest, .. } = *facts.office;
        match &mut self.stage {
            Stage::Bidding | Stage::Leaving => Step::Nothing,
            Stage::Elected { epoch, term, seen, .. } => {
                let gone = *seen && !facts.office.is_held_by(self.pid, *epoch);
                // Its state may be gone, or a later master may have told it so itself.
                let leads = self.member.as_ref().is_none_or(|member| member.replica.leads(Some(*epoch)));
                let lost = gone || highest > Some(*epoch) || !self.seat.tenure().is_still(*term) || !leads;
                if lost { Step::Lost } else { Step::Nothing }
            }
            Stage::Out => match master {
                // Of an earlier bid whose outcome was not known, or of an office that was lost since.
                Some(own) if own.record.pid == self.pid => {
                    self.free_since = None;
                    let removed = self.vacated.is_some_and(|modified| modified == own.modified);
                    match self.vacate_at.filter(|at| facts.now < *at) {
                        _ if removed => Step::Nothing,
                        Some(at) => Step::Wait(at),
                        None => Step::Vacate(own.modified),
                    }
                }
                Some(other) => {
                    (self.free_since, self.vacated) = (None, None);
                    // From a backup, say: its master does not know of the one that came after it, and nobody else takes it for one.
                    self.raise(facts, Some(other.record.epoch)).unwrap_or(Step::Nothing)
                }
                None => {
                    self.vacated = None;
                    match self.stand(facts, lease) {
                        // Whoever is started meanwhile knows of none, and waits for nobody.
                        Step::Wait(until) => match self.raise(facts, facts.office.recorded()) {
                            Some(Step::Wait(earlier)) => Step::Wait(until.min(earlier)),
                            step => step.unwrap_or(Step::Wait(until)),
                        },
                        step => step,
                    }
                }
            },
        }
    }

    /// Tells the registry, which knows of no later epoch than `recorded`, of the highest. A group that has a state says so by its claims.
    fn raise(&mut self, facts: &Facts<'_>, recorded: Option<Epoch>) -> Option<Step> {
        let later = facts.office.highest.filter(|highest| Some(*highest) > recorded)?;
        // Told here, what the registry has would count again.
        if !facts.eligible || self.member.is_some() || planted(Bug::CountClaims) {
            return None;
        }
        if let Some(at) = self.raise_at.filter(|at| facts.now < *at) {
            return Some(Step::Wait(at));
        }
        self.raise_at = Some(facts.now + AFTER_A_FAILURE);
        Some(Step::Raise(later))
    }

    /// The office is free.
    fn stand(&mut self, facts: &Facts<'_>, lease: Duration) -> Step {
        let free_since = *self.free_since.get_or_insert(facts.now);
        if !facts.eligible {
            return Step::Nothing;
        }
        if let Some(member) = &mut self.member {
            match member.stands(facts, lease) {
                Stands::Now => {}
                Stands::From(at) => return Step::Wait(at),
                Stands::Not => return Step::Nothing,
            }
        }
        let was_last = self.member.is_none() && facts.office.last.is_some_and(|last| last.pid == self.pid);
        let quiet_until = facts.quiet_until.filter(|_| !was_last && !planted(Bug::ClaimAtOnce));
        let promised = self.member.as_ref().and_then(|member| member.promised(lease));
        let from =
            [Some(free_since + facts.patience), self.not_before, quiet_until, promised].into_iter().flatten().max();
        match from.filter(|from| facts.now < *from) {
            Some(from) => Step::Wait(from),
            None if planted(Bug::CountClaims) => Step::Bid(next_epoch(facts.office.recorded(), 0, None)),
            None => {
                let known = self.member.as_ref().map(Membership::epoch);
                let claimed = facts.office.claims().map(|claim| claim.epoch).max();
                Step::Bid(next_epoch(facts.office.highest.max(known).max(claimed), facts.wall, Some(self.pid)))
            }
        }
    }

    /// How long it may act after it was last heard: a registry may grant more than is asked for.
    pub(super) fn lasts(&self) -> Duration {
        self.asked.max(whole_seconds(self.seat.tenure().granted()))
    }

    /// What it would write as the master.
    pub(super) fn record(&self, epoch: Epoch) -> MasterRecord {
        let lease = u32::try_from(self.lasts().as_secs()).unwrap_or(u32::MAX);
        MasterRecord { epoch, pid: self.pid, lease }
    }

    /// How long one of its group may act after it was last heard, as far as is known.
    pub(super) fn longest_lease(&self, office: &OfficeNow) -> Duration {
        let last = office.last.map(|last| last.lasts());
        self.lasts().max(last.unwrap_or_default())
    }

    /// What its share in its group is to know of the registry.
    pub(super) fn tells_its_member(&self, office: &OfficeNow) {
        let Some(member) = &self.member else { return };
        if let Some(group) = office.epoch.as_ref().and_then(|it| it.record.group.as_ref()) {
            member.replica.sees(&group.set);
        }
        member.replica.lasts(self.longest_lease(office));
    }

    /// Its service is paused: it gives its office up, and stands again when the pause has ended.
    pub(super) fn pauses(&mut self) {
        if let Stage::Elected { epoch, .. } = self.stage
            && self.paused_in != Some(epoch)
        {
            self.paused_in = Some(epoch);
            self.resigns = true;
        }
    }

    /// It has not been elected, or that is not known.
    pub(super) fn failed_bid(&mut self, now: Instant) {
        self.stage = Stage::Out;
        self.member.iter().for_each(|member| member.replica.bid_is_over());
        self.hold_back(now, AFTER_A_BID);
    }

    /// It asks the registry for its office, unless it has promised its master meanwhile to take none.
    pub(super) fn bids(&mut self, now: Instant) -> bool {
        let may = self.member.as_ref().is_none_or(|member| member.replica.bids(now));
        if may {
            self.stage = Stage::Bidding;
        }
        may
    }

    pub(super) fn elected(&mut self, epoch: Epoch, term: Term, revision: i64) {
        self.stage = Stage::Elected { epoch, term, revision, seen: false };
        self.free_since = None;
        self.told = Some((Role::Master, epoch));
        self.seat.elect(epoch, term, self.pid);
        if let Some(member) = &mut self.member {
            member.elected(epoch);
            member.replica.bid_is_over();
        }
    }

    /// It has taken up its office, or has failed to.
    pub(super) fn has_led(&mut self, well: bool) {
        if well {
            self.failures = 0;
        }
    }

    /// It was elected, and its service cannot do the work: others are to try.
    pub(super) fn has_failed(&mut self, now: Instant) {
        let pause = AFTER_A_FAILURE.saturating_mul(1 << self.failures.min(5)).min(LONGEST);
        self.failures += 1;
        self.hold_back(now, pause);
    }

    /// It holds nothing any more, but for its entry, if that is to be removed: its revision.
    pub(super) fn leave(&mut self) -> Option<i64> {
        self.seat.leave();
        if let Some(member) = &self.member {
            member.replica.step_down();
        }
        self.resigns = false;
        match std::mem::replace(&mut self.stage, Stage::Out) {
            Stage::Elected { revision, .. } => Some(revision),
            other => {
                self.stage = other;
                None
            }
        }
    }

    /// Its share in its group, if somebody waits there to be told something.
    pub(super) fn has_to_tell(&self) -> Option<Arc<Replica>> {
        let replica = self.member.as_ref().map(|member| &member.replica);
        replica.filter(|replica| replica.has_to_tell()).map(Arc::clone)
    }

    pub(super) fn tell(&self) {
        if let Some(replica) = self.has_to_tell() {
            replica.tell();
        }
    }

    pub(super) fn vacates(&mut self, modified: i64) {
        self.stage = Stage::Leaving;
        self.vacated = Some(modified);
    }

    /// Its entry has been removed; or not, if the registry did not answer: then the view tells.
    pub(super) fn has_vacated(&mut self, well: bool, now: Instant) {
        self.stage = Stage::Out;
        if !well {
            self.vacated = None;
            self.vacate_at = Some(now + AFTER_A_BID);
        }
    }

    /// It does not stand for so long.
    pub(super) fn hold_back(&mut self, now: Instant, pause: Duration) {
        self.not_before = self.not_before.max(Some(now + pause));
    }

    /// What its service is to be told, and has not been.
    pub(super) fn news(&mut self, office: &OfficeNow) -> Option<Epoch> {
        let master = office.master.map(|it| it.record).filter(|it| Some(it.epoch) >= office.highest);
        let follows = match (&self.stage, master) {
            (Stage::Elected { .. } | Stage::Bidding, _) => None,
            (_, Some(master)) => (master.pid != self.pid).then_some(master.epoch),
            // There is none now; but one who was told that it is the master must know that it is not.
            (_, None) => match self.told {
                Some((Role::Master, epoch)) => Some(office.highest.max(Some(epoch)).unwrap_or(epoch)),
                _ => None,
            },
        }?;
        let news = Some((Role::Slave, follows));
        (self.told != news).then(|| {
            self.told = news;
            follows
        })
    }
}

/// As etcd counts.
pub(super) fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}
