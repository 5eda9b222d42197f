//! What masters did, by their epochs: one acts in each, for those who asked it in that epoch; where leases tell who may act, none acts beside
//! a later one; and whoever has heard a later one believes no earlier one.

use std::collections::BTreeMap;

use super::plan::{Fault, Faults};
use crate::{
    hooks::Acts,
    id::Epoch,
    testing::{
        Registry,
        hosts::{Acted, End, Entry},
    },
};

/// What is wrong with one call.
type Wrong = Option<String>;
/// A call, and the handler that acted for its group.
type Done<'a> = (&'a Entry, &'a Acted);

/// The first call that shows a wrong epoch.
pub(super) fn wrong(calls: &[Entry], faults: &Faults) -> Wrong {
    let acted: Vec<Done<'_>> = calls.iter().filter_map(|call| Some((call, call.acted.as_ref()?))).collect();
    let beside = || leases_tell(faults).then(|| beside_a_later(&acted)).flatten();
    in_their_epochs(&acted).or_else(beside).or_else(|| believed(acted))
}

/// Whether the lease of a node tells all others how long it may act. Not if the registry ends it early, or forgets it while there are
/// nodes who do not know that it did: what masters write is kept apart by its fence then, and by nothing else.
fn leases_tell(faults: &Faults) -> bool {
    let has = |of: fn(&Fault) -> bool| faults.list().iter().any(|it| of(&it.fault));
    let ends_early = has(|it| matches!(it, Fault::Expire(_) | Fault::RegistryRestored));
    let forgets = has(|it| matches!(it, Fault::Registry(Registry::Empty)));
    let starts = has(|it| matches!(it, Fault::Kill(_) | Fault::Restart(_)));
    !(ends_early || forgets && starts)
}

fn in_their_epochs(acted: &[Done<'_>]) -> Wrong {
    let mut masters = BTreeMap::<(&str, Epoch), Done<'_>>::new();
    acted.iter().find_map(|&(call, it)| {
        let Acts { group, asked, epoch, .. } = &it.acts;
        let (first, other) = *masters.entry((group, *epoch)).or_insert((call, it));
        if other.by != it.by {
            let (one, two) = (told(first), told(call));
            return Some(format!(
                "{group} has two masters in the epoch {epoch}: {} began with {one}, and {} with {two}",
                other.by, it.by
            ));
        }
        asked.filter(|asked| asked != epoch).map(|asked| {
            format!(
                "{} was sent to the master of {group} in the epoch {asked}, and its handler began in the epoch {epoch}, on {:?}",
                told(call),
                call.begun.iter().map(|it| &it.host).collect::<Vec<_>>()
            )
        })
    })
}

/// What a handler did may not be undone by the master that comes after: so none ends well when a later master has begun one.
fn beside_a_later(acted: &[Done<'_>]) -> Wrong {
    let well = acted.iter().filter(|(call, it)| call.end == End::Done && it.ended > 0);
    let later = |it: &Acted| {
        let of = |other: &Acted| other.acts.group == it.acts.group && other.acts.epoch > it.acts.epoch;
        acted.iter().find(|(_, other)| of(other) && other.began < it.ended).copied()
    };
    well.filter_map(|&(call, it)| later(it).map(|other| (call, it, other)))
        .map(|(call, it, (first, other))| {
            format!(
                "{} was answered by {}, the master of {} in the epoch {}, when {} had begun with {} in the epoch {}",
                told(call),
                it.by,
                it.acts.group,
                it.acts.epoch,
                other.by,
                told(first),
                other.acts.epoch
            )
        })
        .next()
}

/// Not where the reply may have been told by a later master, from the log that both had: what replies say of that is looked at elsewhere.
fn believed(acted: Vec<Done<'_>>) -> Wrong {
    let is_heard = |(call, it): &Done<'_>| call.end == End::Done && !it.acts.is_known;
    let mut answered: Vec<_> = acted.into_iter().filter(is_heard).collect();
    answered.sort_by_key(|(call, _)| call.place);
    // What a node knows ends with it.
    let mut heard = BTreeMap::<(usize, &str), (&Entry, Epoch)>::new();
    answered.into_iter().find_map(|(call, Acted { acts: Acts { group, epoch, .. }, .. })| {
        let last = heard.entry((call.life, group)).or_insert((call, *epoch));
        if last.1 <= *epoch {
            *last = (call, *epoch);
            return None;
        }
        let (this, first, later) = (told(call), told(last.0), last.1);
        Some(format!(
            "{this} was answered by a master of {group} in the epoch {epoch}, and its caller took that, though {first} had been answered before \
             in the epoch {later}"
        ))
    })
}

fn told(Entry { from, at, what, .. }: &Entry) -> String {
    format!("a call of {what}, made on {from} at {at:?}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::id::{Incarnation, NodeId, NodeKey, Pid};
    use crate::testing::hosts::Begun;

    /// A call of a host's run that was sent to the master of an epoch; in which epoch that acted, and on which node; when its handler began and
    /// ended, and when its caller had the reply.
    fn call(life: usize, asked: u64, (epoch, node): (u64, u64), [began, ended, place]: [usize; 3]) -> Entry {
        let by = Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 };
        let asked = Some(asked).filter(|it| *it > 0).map(Epoch);
        let acts = Acts { group: "Bank/Bank".into(), asked, epoch: Epoch(epoch), is_known: false };
        Entry {
            from: "ada".into(),
            at: Duration::ZERO,
            life,
            what: "`rpc_pay` of Bank".into(),
            id: None,
            callee: None,
            begun: vec![Begun { host: "vault".into(), by, known: None }],
            acted: Some(Acted { acts, by, began, ended }),
            end: End::Done,
            place,
        }
    }

    #[test]
    fn each_wrong_epoch_is_told_and_what_is_right_is_not() {
        let says = |calls: &[Entry]| wrong(calls, &Faults::default()).unwrap_or_default();
        let right = [call(1, 5, (5, 1), [1, 2, 3]), call(1, 0, (5, 1), [4, 5, 6]), call(1, 7, (7, 2), [7, 8, 9])];
        assert_eq!(says(&right), "");
        let two = [call(1, 5, (5, 1), [1, 2, 3]), call(1, 5, (5, 2), [4, 5, 6])];
        assert!(says(&two).contains("Bank/Bank has two masters in the epoch 5"), "{}", says(&two));
        let late = [call(1, 5, (7, 1), [1, 2, 3])];
        assert!(says(&late).contains("in the epoch 5, and its handler began in the epoch 7"), "{}", says(&late));
        // The reply of the first was on its way when the second answered.
        let mut back = [call(1, 5, (5, 1), [1, 2, 6]), call(1, 7, (7, 2), [3, 4, 5])];
        assert!(says(&back).contains("was answered by a master of Bank/Bank in the epoch 5"), "{}", says(&back));
        back[0].end = End::MaybeExecuted("deposed".into());
        assert_eq!(says(&back), "");
        assert_eq!(says(&[call(2, 5, (5, 1), [1, 2, 6]), call(1, 7, (7, 2), [3, 4, 5])]), "", "of another run");
    }

    #[test]
    fn a_master_beside_a_later_one_is_told_where_leases_tell_who_may_act() {
        let mut both = [call(1, 5, (5, 1), [1, 5, 6]), call(2, 7, (7, 2), [3, 4, 7])];
        let [first, second] = both.each_ref().map(|call| call.acted.as_ref().expect("it acted").by);
        let said = format!(
            "was answered by {first}, the master of Bank/Bank in the epoch 5, when {second} had begun with a call"
        );
        let says = |calls: &[Entry], faults: &str| wrong(calls, &faults.parse().expect("a plan"));
        for faults in ["none", "kill(a)@1+1", "registry(empty)@1+1", "registry(kept)@1+1;kill(a)@1+1"] {
            let what = says(&both, faults).expect(faults);
            assert!(what.contains(&said) && what.ends_with("in the epoch 7"), "{what}");
        }
        for faults in ["expire(a)@1+0", "registry(older)@1+1", "registry(empty)@1+1;kill(a)@1+1"] {
            assert_eq!(says(&both, faults), None, "{faults}");
        }
        both[0].end = End::MaybeExecuted("deposed".into());
        assert_eq!(says(&both, "none"), None, "its reply was held back");
    }
}
