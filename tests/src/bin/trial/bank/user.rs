//! Users of the bank: each asks for one transfer after the other, and keeps what became of it. Beside them somebody looks at every member
//! all the time.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ember::{CallError, Node, Pid};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::service::{ACCOUNTS, Accounts, BankClient, SUM, Short, Sight};
use crate::{
    dice::Dice,
    load::{DONE, MAYBE_EXECUTED, NOT_EXECUTED, PENDING, variant},
};

/// The user had too little: nothing was done.
pub(crate) const SHORT: u8 = b'S';
/// Between two transfers of a user.
const PAUSE: Duration = Duration::from_millis(4);
/// After one that failed: where there is no master, that is said at once.
const AFTER_A_FAILURE: Duration = Duration::from_millis(20);
/// Every member is looked at so often.
const LOOK: Duration = Duration::from_millis(100);
/// A member that does not answer in this time is not seen.
const PATIENCE: Duration = Duration::from_secs(1);

/// All users of one process.
#[derive(Clone)]
pub(crate) struct Users(Arc<Inner>);

struct Inner {
    node: Node,
    stopped: AtomicBool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    outcomes: BTreeMap<u64, Vec<u8>>,
    counts: Counts,
    /// When transfers that were done were asked for, and when they were: in the order of the latter.
    served: Vec<(u64, u64)>,
    looked: Looked,
    /// What each member has shown last.
    last: BTreeMap<Pid, u64>,
}

/// Transfers in numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) done: u64,
    pub(crate) short: u64,
    pub(crate) not_executed: u64,
    pub(crate) maybe_executed: u64,
    pub(crate) slowest_ms: u64,
    /// The classes and reasons of those that failed.
    pub(crate) why: BTreeMap<String, u64>,
}

/// What members have shown.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Looked {
    pub(crate) times: u64,
    pub(crate) wrong: Vec<String>,
}

impl Users {
    pub(crate) fn new(node: &Node) -> Self {
        Self(Arc::new(Inner { node: node.clone(), stopped: AtomicBool::new(false), kept: Mutex::default() }))
    }

    /// So many users begin, with the numbers from `first` on.
    pub(crate) fn start(&self, first: u64, users: u64) {
        for user in first..first + users {
            self.lock().outcomes.insert(user, Vec::new());
            tokio::spawn(self.clone().transfers(user));
        }
        tokio::spawn(self.clone().looks());
    }

    pub(crate) fn stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    /// What became of each transfer of each user.
    pub(crate) fn outcomes(&self) -> BTreeMap<u64, String> {
        let kept = self.lock();
        kept.outcomes.iter().map(|(user, all)| (*user, String::from_utf8_lossy(all).into_owned())).collect()
    }

    /// When the first transfer was done that was asked for at this time or later, in microseconds since 1970 as that.
    pub(crate) fn served(&self, since: u64) -> Option<u64> {
        let kept = self.lock();
        // None of these was asked for before it, or one was that took long: the next is none.
        let from = kept.served.partition_point(|(_, done)| *done < since);
        kept.served[from..].iter().find(|(asked, _)| *asked >= since).map(|(_, done)| *done)
    }

    pub(crate) fn looked(&self) -> Looked {
        self.lock().looked.clone()
    }

    /// All that each member has, by the name of its node; those that answer.
    pub(crate) async fn states(&self) -> BTreeMap<String, Accounts> {
        let mut states = BTreeMap::new();
        for (pid, name) in self.members() {
            let asked = self.0.node.select::<BankClient>().pid(pid).client().rpc_all().timeout(PATIENCE);
            if let Ok(accounts) = asked.await {
                states.insert(name, accounts);
            }
        }
        states
    }

    fn members(&self) -> Vec<(Pid, String)> {
        let view = self.0.node.view();
        let all = view.instances().iter().filter(|it| it.role().is_some());
        all.map(|it| (it.pid(), it.node().name.to_string())).collect()
    }

    async fn transfers(self, user: u64) {
        let (bank, mut dice) = (self.0.node.client::<BankClient>(), Dice::new(user));
        for number in 0.. {
            if self.0.stopped.load(Ordering::Relaxed) {
                return;
            }
            let from = dice.roll(ACCOUNTS);
            let to = (from + 1 + dice.roll(ACCOUNTS - 1)) % ACCOUNTS;
            self.lock().outcomes.entry(user).or_default().push(PENDING);
            let (asked, begun) = (now(), Instant::now());
            let outcome = bank.rpc_transfer((user, number), from, to, 1 + dice.roll(200)).await;
            let pause = if outcome.is_ok() { PAUSE } else { AFTER_A_FAILURE };
            self.ended(user, (asked, begun.elapsed()), outcome);
            // tidy: sleep: what a user does between two transfers
            sleep(pause).await;
        }
    }

    fn ended(&self, user: u64, (asked, took): (u64, Duration), outcome: Result<(), CallError<Short>>) {
        let mut kept = self.lock();
        let Kept { outcomes, counts, served, .. } = &mut *kept;
        counts.slowest_ms = counts.slowest_ms.max(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let (count, outcome, why) = match outcome {
            Ok(()) => {
                served.push((asked, now()));
                (&mut counts.done, DONE, None)
            }
            Err(CallError::App(Short)) => (&mut counts.short, SHORT, None),
            Err(CallError::NotExecuted(refused)) => {
                let why = format!("NotExecuted({})", variant(refused.reason()));
                (&mut counts.not_executed, NOT_EXECUTED, Some(why))
            }
            Err(CallError::MaybeExecuted(lost)) => {
                let why = format!("MaybeExecuted({})", variant(lost.reason()));
                (&mut counts.maybe_executed, MAYBE_EXECUTED, Some(why))
            }
        };
        *count += 1;
        if let Some(last) = outcomes.get_mut(&user).and_then(|all| all.last_mut()) {
            *last = outcome;
        }
        if let Some(why) = why {
            *counts.why.entry(why).or_default() += 1;
        }
    }

    async fn looks(self) {
        while !self.0.stopped.load(Ordering::Relaxed) {
            for (pid, name) in self.members() {
                let asked = self.0.node.select::<BankClient>().pid(pid).client().rpc_sight().timeout(PATIENCE);
                if let Ok(sight) = asked.await {
                    self.saw(pid, &name, &sight);
                }
            }
            // tidy: sleep: a look now and then
            sleep(LOOK).await;
        }
    }

    fn saw(&self, pid: Pid, name: &str, Sight { sum, count }: &Sight) {
        let mut kept = self.lock();
        let Kept { looked, last, .. } = &mut *kept;
        looked.times += 1;
        let before = last.insert(pid, *count).unwrap_or_default();
        if looked.wrong.len() < 10 {
            if *sum != SUM {
                looked.wrong.push(format!("`{name}` ({pid}) showed {sum} in all, not {SUM}"));
            }
            if *count < before {
                looked.wrong.push(format!("`{name}` ({pid}) showed {count} transfers after it had shown {before}"));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Microseconds since 1970: all processes are on one machine.
#[expect(clippy::disallowed_methods, reason = "what processes compare is the clock of their machine")]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
