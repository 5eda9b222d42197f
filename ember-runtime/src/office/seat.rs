//! The right of one instance to act for its group, as its handlers ask for it: where one starts, and where its reply is released.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    role::Role,
    tenure::{Sent, Tenure, Term},
};
use crate::{
    error::{LostReason, RefusedReason},
    id::{Epoch, Pid},
    planted::{Bug, planted},
    sync::lock,
};

/// What an instance of an elected service holds, or does not.
#[derive(Debug)]
pub(crate) struct OfficeSeat {
    tenure: Arc<Tenure>,
    /// The epoch in which it acts; 0 if it does not.
    acting: AtomicU64,
    /// By which lease.
    term: AtomicU64,
    /// Until when on the clock of leases it goes on by what its group has promised it; 0 if it has promised nothing.
    promised: AtomicU64,
    rest: Mutex<Rest>,
}

#[derive(Debug, Default)]
struct Rest {
    /// It has been elected for this epoch, and may begin.
    elected: Option<(Epoch, Term)>,
    /// The highest epoch that is known, and its master, if that has not left.
    master: Option<(Epoch, Option<Pid>)>,
    /// The epoch of the office that it has left last: others may see it there for a while.
    left: Option<Epoch>,
}

impl OfficeSeat {
    pub(crate) fn new(tenure: Arc<Tenure>) -> Self {
        let [acting, term, promised] = [const { AtomicU64::new(0) }; 3];
        Self { tenure, acting, term, promised, rest: Mutex::default() }
    }

    /// The lease by which it holds its office.
    pub(crate) fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    /// It has been elected. It acts when it [enters](Self::enter) its office, as soon as nothing of its past runs.
    pub(crate) fn elect(&self, epoch: Epoch, term: Term, pid: Pid) {
        let mut rest = lock(&self.rest);
        rest.elected = Some((epoch, term));
        rest.master = rest.master.max(Some((epoch, Some(pid))));
    }

    /// It acts from now on, unless that is over already.
    pub(crate) fn enter(&self, epoch: Epoch) -> bool {
        let rest = lock(&self.rest);
        let Some((_, term)) = rest.elected.filter(|(elected, _)| *elected == epoch) else { return false };
        self.term.store(term.0, Ordering::Relaxed);
        self.acting.store(epoch.0, Ordering::Release);
        true
    }

    /// It acts no more, and will not before it is elected again. The epoch of the office that it has left, whether its lease went on or not.
    pub(crate) fn leave(&self) -> Option<Epoch> {
        let mut rest = lock(&self.rest);
        self.acting.store(0, Ordering::Release);
        self.promised.store(0, Ordering::Release);
        let (epoch, _) = rest.elected.take()?;
        rest.left = Some(epoch);
        rest.master = rest.master.map(|(known, master)| (known, master.filter(|_| known != epoch)));
        Some(epoch)
    }

    /// Who is the master, as far as is known; nobody if it has left.
    pub(crate) fn learn(&self, epoch: Epoch, master: Option<Pid>) {
        let mut rest = lock(&self.rest);
        if rest.master.is_none_or(|(known, _)| known <= epoch) {
            rest.master = Some((epoch, master.filter(|_| rest.left != Some(epoch))));
        }
    }

    /// The epoch in which it acts now.
    #[inline]
    pub(crate) fn acting(&self) -> Option<Epoch> {
        self.acting_if(Tenure::is_in)
    }

    /// The same where a handler starts, whose reply is looked at again.
    #[inline]
    pub(crate) fn acting_at_start(&self) -> Option<Epoch> {
        self.acting_if(Tenure::is_in_this_tick)
    }

    #[inline]
    fn acting_if(&self, is_in: impl FnOnce(&Tenure, Term) -> bool) -> Option<Epoch> {
        let acting = self.acting.load(Ordering::Acquire);
        let term = Term(self.term.load(Ordering::Relaxed));
        let acts = acting != 0 && (is_in(&self.tenure, term) || self.is_promised(term));
        // The term may be that of a later office, which began in between.
        (acts && self.acting.load(Ordering::Acquire) == acting).then_some(Epoch(acting))
    }

    /// All others of its group have promised to take no office for so long, when they were asked then: as long as that holds it acts on, also where
    /// the time of its lease is over, but not by another lease.
    pub(crate) fn goes_on_by(&self, epoch: Epoch, sent: Sent, lasts: Duration) {
        let rest = lock(&self.rest);
        if rest.elected.is_some_and(|(elected, _)| elected == epoch) {
            self.promised.store(Tenure::promise_ends(sent, lasts), Ordering::Release);
        }
    }

    /// The promises of others are needed from now on.
    pub(crate) fn forgets_promises(&self) {
        self.promised.store(0, Ordering::Release);
    }

    #[cold]
    fn is_promised(&self, term: Term) -> bool {
        self.tenure.is_before(self.promised.load(Ordering::Acquire)) && self.tenure.is_still(term)
    }

    /// Whether what it holds by this lease goes on: by its time, or by promises.
    pub(crate) fn holds(&self, term: Term) -> bool {
        self.tenure.is_in(term) || self.is_promised(term)
    }

    /// Whether a handler may start that acts for the group: the epoch in which it does. `asked` is that for which the caller sent it.
    ///
    /// # Errors
    /// Who is to be asked instead, if that is known.
    #[inline]
    pub(crate) fn start(&self, asked: Option<Epoch>) -> Result<Epoch, RefusedReason> {
        match self.acting_at_start() {
            Some(epoch) if asked.is_none_or(|asked| asked == epoch) || planted(Bug::EpochAtCallee) => Ok(epoch),
            acting => Err(self.refusal(acting)),
        }
    }

    /// Why it does not act for whoever asked.
    #[cold]
    fn refusal(&self, acting: Option<Epoch>) -> RefusedReason {
        let known = lock(&self.rest).master;
        // One whose time is over says nothing of itself.
        let known = known.map(|(epoch, pid)| (epoch, pid.filter(|_| acting.is_some() || self.is_another())));
        RefusedReason::NotMaster {
            epoch: known.map_or(0, |(epoch, _)| epoch.0),
            master: known.and_then(|(_, master)| master),
        }
    }

    /// Whether it is not the master that is known.
    fn is_another(&self) -> bool {
        self.acting.load(Ordering::Relaxed) == 0
    }

    /// Whether what was begun in `epoch` may still be answered.
    ///
    /// # Errors
    /// It is not the master any more, or is it again.
    #[inline]
    pub(crate) fn release(&self, epoch: Epoch) -> Result<(), LostReason> {
        if self.acting() == Some(epoch) || planted(Bug::ReplyUnchecked) {
            Ok(())
        } else {
            Err(LostReason::Deposed { epoch: epoch.0 })
        }
    }

    /// What it is now.
    pub(crate) fn role(&self) -> Role {
        if self.acting().is_some() { Role::Master } else { Role::Slave }
    }
}
