//! Who stands first for an office that is free: the nodes that hold the fewest, so that the masters of many groups are spread over the
//! nodes. The others follow a little later each, in case that those before them cannot.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    id::{NodeKey, Pid, fnv1a},
    office::OfficeName,
};

/// Whoever is one place behind waits so much longer.
const STEP: Duration = Duration::from_millis(50);
/// Nobody waits longer than this for those before.
const LONGEST: Duration = Duration::from_millis(500);

/// How long `pid` waits for those who stand before it, of the instances `standing` that can take the office.
pub(super) fn patience(office: &OfficeName, pid: Pid, standing: &[Pid], held: &BTreeMap<NodeKey, usize>) -> Duration {
    let place = |pid: Pid| (held.get(&pid.node).copied().unwrap_or(0), lot(office, pid), pid);
    let own = place(pid);
    let before = standing.iter().filter(|other| place(**other) < own).count();
    STEP.saturating_mul(u32::try_from(before).unwrap_or(u32::MAX)).min(LONGEST)
}

/// What decides among nodes that hold as many: for each office another.
fn lot(office: &OfficeName, pid: Pid) -> u64 {
    fnv1a(&format!("{office}|{pid}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Incarnation, NodeId};

    fn pid(node: u64) -> Pid {
        Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 }
    }

    #[test]
    fn who_holds_less_stands_first_and_each_office_has_an_order_of_its_own() {
        let standing: Vec<_> = (1..=4).map(pid).collect();
        let mut first = BTreeMap::<u64, usize>::new();
        for number in 0..400 {
            let office = OfficeName::new(0, "ledger", &number.to_string());
            let mut waits: Vec<_> =
                standing.iter().map(|it| (patience(&office, *it, &standing, &BTreeMap::new()), it.node.id.0)).collect();
            waits.sort();
            assert_eq!(waits.iter().map(|(wait, _)| wait.as_millis()).collect::<Vec<_>>(), [0, 50, 100, 150]);
            *first.entry(waits[0].1).or_default() += 1;
            // One that holds an office already is behind all that hold none.
            let held = BTreeMap::from([(pid(waits[0].1).node, 1)]);
            assert_eq!(patience(&office, pid(waits[0].1), &standing, &held), STEP * 3);
        }
        assert!(first.len() == 4 && first.values().all(|count| *count > 60), "{first:?}");
    }
}
