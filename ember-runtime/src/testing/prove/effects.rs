//! What calls did, counted where they were handled, against what their callers were told.

use std::collections::BTreeSet;

use crate::testing::hosts::{End, Entry};

/// Methods that may be run more often than they were called: the service's name and the method's.
pub(super) type Repeatable = BTreeSet<(String, String)>;

/// The first call whose caller was told what is not so.
pub(super) fn wrong(calls: &[Entry], repeatable: &Repeatable) -> Option<String> {
    calls.iter().find_map(|call| {
        let often = call.callee.as_ref().is_some_and(|callee| repeatable.contains(callee));
        let (told, fits) = match (&call.end, call.begun.len()) {
            (End::NotExecuted(why), begun) => (format!("that it was not executed ({why})"), begun == 0),
            (End::Done, begun) => ("how it ended".to_owned(), match begun {
                0 => call.has_id,
                1 => true,
                _ => often,
            }),
            (End::MaybeExecuted(why), begun) => {
                (format!("that it may have been executed ({why})"), begun <= 1 || often)
            }
            (End::Untold, begun) => ("nothing".to_owned(), begun <= 1 || often),
        };
        let (Entry { from, at, what, begun, .. }, count) = (call, call.begun.len());
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
                    has_id: false,
                    callee: Some(callee.clone()),
                    begun: vec!["vault".into(); begun],
                    acted: None,
                    end: end.clone(),
                    place: 1,
                };
                let calls = [call];
                assert_eq!(wrong(&calls, &Repeatable::new()).is_none(), once[begun], "{calls:?}");
                assert_eq!(wrong(&calls, &Repeatable::from([callee.clone()])).is_none(), often[begun], "{calls:?}");
                // The reply may be that of another call with its id.
                let calls = calls.map(|call| Entry { has_id: true, ..call });
                let fits = once[begun] || (begun == 0 && end == End::Done);
                assert_eq!(wrong(&calls, &Repeatable::new()).is_none(), fits, "{calls:?}");
            }
        }
    }
}
