//! What calls did at the services: that of a refused call must be nothing, and that of any other call must not come twice.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::tally::Tally;

/// Marks numbers of calls that are not followed: those to many, where one service may refuse what another does.
const LOOSE: u64 = 1 << 63;

static LAST: AtomicU64 = AtomicU64::new(0);
static EFFECTS: Mutex<Option<Effects>> = Mutex::new(None);

#[derive(Default)]
struct Effects {
    /// What was executed in this round.
    executed: HashSet<u64>,
    /// What was executed again.
    twice: Vec<u64>,
    /// What was refused in this round, …
    refused: Vec<u64>,
    /// … and in the one before: what was refused might be executed late.
    refused_before: Vec<u64>,
}

fn lock() -> MutexGuard<'static, Option<Effects>> {
    EFFECTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number for one call.
pub(crate) fn one() -> u64 {
    LAST.fetch_add(1, Relaxed) + 1
}

/// A number for a call to many.
pub(crate) fn loose() -> u64 {
    one() | LOOSE
}

/// The call with this number is executed.
pub(crate) fn executed(n: u64) {
    if n & LOOSE == 0 {
        let mut effects = lock();
        let effects = effects.get_or_insert_default();
        if !effects.executed.insert(n) {
            effects.twice.push(n);
        }
    }
}

/// The caller of the call with this number was told that it is not executed.
pub(crate) fn refused(n: u64) {
    lock().get_or_insert_default().refused.push(n);
}

/// Looks back at a round, and forgets what was before it.
pub(crate) fn look_back(tally: &Tally) {
    let Effects { executed, twice, refused, refused_before } = lock().take().unwrap_or_default();
    for n in refused.iter().chain(&refused_before).filter(|n| executed.contains(n)) {
        tally.wrong(format!("the call {n} was refused as not executed, and was executed"));
    }
    for n in twice {
        tally.wrong(format!("the call {n} was executed twice"));
    }
    tally.add("calls whose effects were compared with their outcomes", executed.len() + refused.len());
    lock().get_or_insert_default().refused_before = refused;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_and_executed_even_late_or_executed_twice_is_a_mistake() {
        let tally = Tally::default();
        let (late, loose) = (one(), loose());
        refused(late);
        executed(loose);
        executed(loose);
        refused(loose);
        look_back(&tally);
        assert_eq!(tally.mistakes(), [""; 0]);
        executed(late);
        look_back(&tally);
        assert_eq!(tally.mistakes().len(), 1, "{:?}", tally.mistakes());
        let twice = one();
        executed(twice);
        executed(twice);
        look_back(&tally);
        assert_eq!(tally.mistakes().len(), 2, "{:?}", tally.mistakes());
    }
}
