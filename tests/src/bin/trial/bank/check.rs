//! At the end: what users were told, and what the members have.

use std::collections::BTreeMap;

use ember_tests::{faults::FaultNode, wait::until};

use super::{
    service::{Accounts, SUM},
    user::{Looked, SHORT},
};
use crate::{
    load::{DONE, NOT_EXECUTED, PENDING},
    report::Report,
};

/// Of what is wrong, so much is named.
const NAMED: usize = 20;

/// Ends the transfers, and compares; what is not as it must be.
pub(super) fn compare(users: &mut [FaultNode], names: &[&str], report: &mut Report) -> Vec<String> {
    let mut told = BTreeMap::new();
    for user in &mut *users {
        user.ask::<()>("stop");
        let outcomes = until("the last transfers to end", || {
            let outcomes: BTreeMap<u64, String> = user.ask("outcomes");
            outcomes.values().all(|it| !it.as_bytes().contains(&PENDING)).then_some(outcomes)
        });
        told.extend(outcomes);
    }
    let mut looked = 0;
    for user in &mut *users {
        looked += user.ask::<Looked>("looked").times;
    }
    report.note("looks at members, each at the same sum", looked);
    let states = until("all members to have the same", || {
        let states: BTreeMap<String, Accounts> = users[0].ask("states");
        let first = states.values().next()?;
        (states.len() == names.len() && states.values().all(|it| it == first)).then_some(states)
    });
    let Some(accounts) = states.values().next() else { return vec!["there is no member".into()] };
    of_state(accounts, &told, report)
}

fn of_state(accounts: &Accounts, told: &BTreeMap<u64, String>, report: &mut Report) -> Vec<String> {
    let mut wrong = Vec::new();
    let sum: u64 = accounts.balances.values().sum();
    if sum != SUM {
        wrong.push(format!("there are {sum} in all at the end, not {SUM}"));
    }
    for (user, number) in &accounts.again {
        wrong.push(format!("transfer {user}.{number} was made more than once"));
    }
    // [not in, in] of those in doubt.
    let (mut doubt, mut made) = ([0_u64; 2], 0);
    for (user, outcomes) in told {
        for (number, outcome) in (0..).zip(outcomes.bytes()) {
            let is_in = accounts.has_made((*user, number));
            made += u64::from(is_in);
            let truth = match outcome {
                DONE => is_in,
                NOT_EXECUTED | SHORT => !is_in,
                _ => {
                    doubt[usize::from(is_in)] += 1;
                    true
                }
            };
            if !truth && wrong.len() < NAMED {
                let outcome = char::from(outcome);
                wrong.push(format!("the user was told {outcome} of transfer {user}.{number}, which is in: {is_in}"));
            }
        }
    }
    if made != accounts.count {
        wrong.push(format!("{} transfers were made, {made} of which users have asked for", accounts.count));
    }
    report.note("in doubt", format!("{} that were made, {} that were not", doubt[1], doubt[0]));
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(count: u64, told: &str) -> Vec<String> {
        let made = BTreeMap::from([(3, BTreeMap::from([(0, 1), (4, 4)]))]);
        let accounts = Accounts { made, count, ..Accounts::default() };
        of_state(&accounts, &BTreeMap::from([(3, told.to_owned())]), &mut Report::default())
    }

    #[test]
    fn what_users_were_told_must_be_so() {
        assert_eq!(wrong(3, "DDNSM"), Vec::<String>::new());
        assert_eq!(wrong(3, "DMNSMM"), Vec::<String>::new());
        for (count, told) in [(3, "DDDSM"), (3, "NDNSM"), (3, "SDNSM"), (4, "DDNSM"), (3, "DDNS")] {
            assert_eq!(wrong(count, told).len(), 1, "{count} {told}");
        }
    }
}
