//! What calls did, counted where they were handled, against what their callers were told.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    id::{Epoch, Pid},
    testing::hosts::{End, Entry},
};

/// Methods that may be run more often than they were called: the service's name and the method's.
pub(super) type Repeatable = BTreeSet<(String, String)>;

/// The first call whose caller was told what is not so.
pub(super) fn wrong(calls: &[Entry], repeatable: &Repeatable) -> Option<String> {
    ill_told(calls, repeatable).or_else(|| twice(calls))
}

/// Which one run of a service knows by its id: the run of its caller, the run of the service and its epoch, if that matters, the method, the id.
type Known<'a> = (usize, (Pid, Option<Epoch>), &'a (String, String), u64);

/// The first call with an id whose handler began though the same service had begun one with that id, whether it may be repeated or not.
fn twice(calls: &[Entry]) -> Option<String> {
    let mut known = BTreeMap::<Known<'_>, &Entry>::new();
    calls.iter().find_map(|call| {
        let (id, callee) = (call.id?, call.callee.as_ref()?);
        call.begun.iter().find_map(|begun| {
            let first = known.insert((call.life, (begun.by, begun.known), callee, id), call)?;
            let Entry { from, at, what, .. } = call;
            Some(format!(
                "the id {id} of {from} stands for a call of {what}, made at {:?}; its handler began again on {}, with one made at {at:?}",
                first.at, begun.host
            ))
        })
    })
}

fn ill_told(calls: &[Entry], repeatable: &Repeatable) -> Option<String> {
    calls.iter().find_map(|call| {
        // By each master in turn, of whom one commits. That none begins twice is looked at beside.
        let in_turn = call.id.is_some() && call.begun.iter().all(|begun| begun.known.is_some());
        let often = in_turn || call.callee.as_ref().is_some_and(|callee| repeatable.contains(callee));
        let (told, fits) = match (&call.end, call.begun.len()) {
            (End::NotExecuted(why), begun) => (format!("that it was not executed ({why})"), begun == 0),
            (End::Done, begun) => ("how it ended".to_owned(), match begun {
                0 => call.id.is_some(),
                1 => true,
                _ => often,
            }),
            (End::MaybeExecuted(why), begun) => {
                (format!("that it may have been executed ({why})"), begun <= 1 || often)
            }
            (End::Untold, begun) => ("nothing".to_owned(), begun <= 1 || often),
        };
        let (Entry { from, at, what, begun, .. }, count) = (call, call.begun.len());
        let begun: Vec<_> = begun.iter().map(|it| &it.host).collect();
        let text = || {
            format!("a call of {what}, made on {from} at {at:?}: its caller was told {told}, and its handler began {count} times, on {begun:?}")
        };
        (!fits).then(text)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        id::{Incarnation, NodeId, NodeKey},
        testing::hosts::Begun,
    };

    fn by(number: u64) -> Pid {
        Pid { node: NodeKey { id: NodeId(1), incarnation: Incarnation(1) }, number }
    }

    #[test]
    fn an_id_stands_for_one_handler_of_one_run_of_a_service_and_one_of_its_caller() {
        let call = |id, life, number, method: &str| Entry {
            from: "ada".into(),
            at: Duration::ZERO,
            life,
            what: "`rpc_pay` of Bank".into(),
            id,
            callee: Some(("Bank".into(), method.into())),
            begun: vec![Begun { host: "vault".into(), by: by(number), known: None }],
            acted: None,
            end: End::Done,
            place: 1,
        };
        let first = call(Some(3), 1, 1, "rpc_pay");
        let others = [(Some(4), 1, 1, "rpc_pay"), (Some(3), 2, 1, "rpc_pay"), (Some(3), 1, 2, "rpc_pay")];
        let others = others.into_iter().chain([(Some(3), 1, 1, "rpc_draw"), (None, 1, 1, "rpc_pay")]);
        let calls: Vec<_> =
            [first.clone()].into_iter().chain(others.map(|(id, life, by, of)| call(id, life, by, of))).collect();
        assert_eq!(wrong(&calls, &Repeatable::new()), None);
        let untold = Entry { end: End::Untold, ..first.clone() };
        for again in [first.clone(), untold] {
            let often = Repeatable::from([("Bank".to_owned(), "rpc_pay".to_owned())]);
            let said = wrong(&[first.clone(), again], &often).expect("it is wrong");
            assert!(said.contains("the id 3 of ada") && said.contains("began again on vault"), "{said}");
        }
    }

    #[test]
    fn each_outcome_has_the_counts_that_fit_it() {
        let why = || "why".to_owned();
        let cases = [
            (End::NotExecuted(why()), [true, false, false], [true, false, false]),
            (End::Done, [false, true, false], [false, true, true]),
            (End::MaybeExecuted(why()), [true, true, false], [true, true, true]),
            (End::Untold, [true, true, false], [true, true, true]),
        ];
        let callee = ("Bank".to_owned(), "rpc_pay".to_owned());
        for (end, once, often) in cases {
            for begun in 0..3 {
                let call = Entry {
                    from: "ada".into(),
                    at: Duration::ZERO,
                    life: 1,
                    what: "`rpc_pay` of Bank".into(),
                    id: None,
                    callee: Some(callee.clone()),
                    begun: (0..begun as u64)
                        .map(|it| Begun { host: "vault".into(), by: by(it), known: None })
                        .collect(),
                    acted: None,
                    end: end.clone(),
                    place: 1,
                };
                let calls = [call];
                assert_eq!(wrong(&calls, &Repeatable::new()).is_none(), once[begun], "{calls:?}");
                assert_eq!(wrong(&calls, &Repeatable::from([callee.clone()])).is_none(), often[begun], "{calls:?}");
                // The reply may be that of another call with its id.
                let calls = calls.map(|call| Entry { id: Some(3), ..call });
                let fits = once[begun] || (begun == 0 && end == End::Done);
                assert_eq!(wrong(&calls, &Repeatable::new()).is_none(), fits, "{calls:?}");
                // Of a group that knows it, one master after the other may have begun it; the same one not twice.
                let known = |it: &Begun| Begun { known: Some(Epoch(it.by.number)), ..it.clone() };
                let calls = calls.map(|call| Entry { begun: call.begun.iter().map(known).collect(), ..call });
                let fits = fits || (begun > 1 && !matches!(end, End::NotExecuted(_)));
                assert_eq!(wrong(&calls, &Repeatable::new()).is_none(), fits, "{calls:?}");
                let calls = calls.map(|call| Entry {
                    begun: call
                        .begun
                        .iter()
                        .map(|it| Begun { by: by(7), known: Some(Epoch(3)), ..it.clone() })
                        .collect(),
                    ..call
                });
                assert_eq!(wrong(&calls, &Repeatable::new()).is_none(), fits && begun < 2, "{calls:?}");
            }
        }
    }
}
