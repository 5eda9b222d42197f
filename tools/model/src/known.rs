//! Traces that are known: for each rule, how a property is broken without it. They are found by walks, and kept in `traces.txt`.

use crate::{
    action::Action,
    explore::{End, Trace, Walks, breadth, recover, replay, walk},
    left_out::{Entry, LeftOut, Rule},
    model::{Bounds, Model},
    properties::{Broken, Property},
};

/// As `find` writes it: the name of a rule, the property, the actions.
const TRACES: &str = include_str!("../traces.txt");

/// What is known of one rule.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) property: String,
    pub(crate) actions: Vec<Action>,
}

/// All that is known.
///
/// # Errors
/// What cannot be read.
pub(crate) fn known() -> Result<Vec<Known>, String> {
    let mut all = Vec::new();
    for line in TRACES.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.splitn(3, ' ');
        let (Some(name), Some(property), Some(trace)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("a line of traces.txt is not `RULE PROPERTY ACTIONS`: {line}"));
        };
        all.push(Known { name: name.into(), property: property.into(), actions: Action::read(trace)? });
    }
    Ok(all)
}

/// The rules that are left out together with this one, since they stand in its way: without them it is not missed.
pub(crate) fn company(rule: Rule) -> &'static [Rule] {
    match rule {
        Rule::OrderIsAPair => &[Rule::OrderIsAPair, Rule::KnowersReachRegistry],
        Rule::ClaimEndsLease => &[Rule::ClaimEndsLease, Rule::ChangeByLease, Rule::ClaimSettled],
        Rule::ClaimIsComplete => &[Rule::ClaimIsComplete, Rule::ClaimSettled],
        _ => &[],
    }
}

/// Whether it is liveness that is lost without it.
fn is_for_liveness(rule: Rule) -> bool {
    matches!(rule, Rule::AllClaim | Rule::KeyGivenUp | Rule::OutboxInSnapshot)
}

/// Everything but this rule, within bounds in which it is missed.
pub(crate) fn without(rule: Rule) -> Model {
    let alone = [rule];
    let rules = if company(rule).is_empty() { &alone[..] } else { company(rule) };
    let wide = Bounds::wide();
    let bounds = match rule {
        Rule::WindowHeld | Rule::LearnersHold | Rule::BidderIsSilent | Rule::WindowFromSending => {
            Bounds { windows: true, ..wide }
        }
        Rule::ClaimEndsLease => Bounds { windows: true, ..wide },
        Rule::ClaimSettled => Bounds { crashes: 3, falls: 3, epochs: 9, ..wide },
        Rule::OutcomesKept => Bounds { ids: 2, table: 1, ..wide },
        Rule::BarrierCommitted | Rule::OverIsNotRun => Bounds { ids: 2, ..wide },
        Rule::BegunIsKnown | Rule::BegunIsNotRun => Bounds { pends: true, ..wide },
        Rule::OwedWhenAcknowledged | Rule::PaidWhenAnswered | Rule::CalleeDedupes | Rule::OutboxInSnapshot => {
            Bounds { owes: true, ..wide }
        }
        Rule::OwedByItsEpoch | Rule::OwedInRows => Bounds { owes: true, ids: 2, operator: true, crashes: 3, ..wide },
        Rule::FreshAsksAll | Rule::FreshWithoutChange | Rule::FreshByVersion | Rule::FreshAfterBarrier => {
            Bounds { fresh: 1, ..wide }
        }
        Rule::SaidWhenOnDisk | Rule::MasterKeepsToo => Bounds { journal: true, ..wide },
        Rule::DamageIsRefused => Bounds { journal: true, damages: 1, ..wide },
        Rule::BackHolds => Bounds { journal: true, windows: true, ..wide },
        Rule::LossIsRefused | Rule::MostGoesOn => Bounds { operator: true, crashes: 3, ..wide },
        Rule::EnoughAtRelease | Rule::FoundWaits => Bounds { enough: 2, ..wide },
        _ => wide,
    };
    Model { left_out: LeftOut::of(rules), bounds }
}

/// What these actions break: at once, or when the faults end after them.
pub(crate) fn breaks(model: &Model, actions: &[Action], with_end: bool) -> Option<Broken> {
    let (_, world, broken) = replay(model, actions);
    if broken.is_some() || !with_end {
        return broken;
    }
    match recover(model, world, 1) {
        End::Nobody(broken) => Some(broken),
        End::Master | End::Operator => None,
    }
}

/// Moments that are looked at nearest first, before it walks.
const NEAR: usize = 300_000;

/// Looks for the shortest trace to be had without this rule.
pub(crate) fn find(entry: &Entry, beginnings: &[Vec<Action>], walks: usize, seeds: u64) -> Option<Trace> {
    let model = without(entry.rule);
    let recover = is_for_liveness(entry.rule);
    if !recover && let Some(trace) = breadth(&model, NEAR).found {
        return Some(trace);
    }
    let walk = |seed| walk(&model, Walks { walks, length: 50, seed, recover, beginnings }).found;
    (1..=seeds).filter_map(walk).min_by_key(|trace| trace.actions.len())
}

/// The rules, what their lack breaks, and after how many actions: as the guide's page shows it.
///
/// # Errors
/// What is not known, or does not break any more.
pub(crate) fn table() -> Result<String, String> {
    let known = known()?;
    let mut lines = String::from("| left out | then | breaks | after |\n| --- | --- | --- | --- |\n");
    for entry in crate::left_out::TABLE {
        let trace = known.iter().find(|known| known.name == entry.name);
        let trace = trace.ok_or_else(|| format!("traces.txt has nothing for `{}`: run `find {0}`", entry.name))?;
        let broken = breaks(&without(entry.rule), &trace.actions, is_for_liveness(entry.rule));
        let Some(broken) = broken.filter(|broken| format!("{:?}", broken.property) == trace.property) else {
            return Err(format!("`{}` is not missed in its trace any more: run `find {0}`", entry.name));
        };
        let end = if broken.property == Property::L1 { " and the end of faults" } else { "" };
        let (instead, after) = (entry.instead, trace.actions.len());
        lines += &format!("| `{}` | {instead} | {:?} | {after}{end} |\n", entry.name, broken.property);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::left_out::TABLE;

    #[test]
    fn every_rule_is_missed_when_it_is_left_out() {
        let table = table().unwrap();
        assert_eq!(table.lines().count(), TABLE.len() + 2);
    }

    #[test]
    fn guide_shows_the_table() {
        let page = include_str!("../../../docs/src/model-rules.md");
        assert!(
            page.contains(&table().unwrap()),
            "`cargo xtask soak model table` prints it: put it into docs/src/model-rules.md"
        );
    }

    #[test]
    fn nothing_breaks_where_a_rule_was_missed() {
        for known in known().unwrap() {
            let entry = TABLE.iter().find(|entry| entry.name == known.name).expect("a trace is of a rule");
            let whole = Model::whole(without(entry.rule).bounds);
            // Not only on the way: from each moment of it the faults may end.
            for part in 0..=known.actions.len() {
                let broken = breaks(&whole, &known.actions[..part], true);
                assert_eq!(broken, None, "{} with all rules, after {part} actions", known.name);
            }
        }
    }

    #[test]
    fn nothing_breaks_near_the_beginning() {
        for windows in [false, true] {
            let report = breadth(&Model::whole(Bounds { windows, late: 1, ..Bounds::narrow() }), 60_000);
            assert!(report.found.is_none(), "{:?}", report.found);
            assert!(report.moments >= 60_000);
        }
    }

    #[test]
    fn nothing_breaks_on_walks() {
        let beginnings: Vec<_> = known().unwrap().into_iter().map(|known| known.actions).collect();
        let wide = Bounds::wide();
        let more = Bounds { running: 4, windows: true, operator: true, crashes: 3, ..wide };
        let few = Bounds { enough: 2, ..wide };
        let calls = Bounds { ids: 2, pends: true, table: 1, early: true, ..wide };
        let kept = Bounds { journal: true, damages: 1, crashes: 3, windows: true, ..wide };
        let owed = Bounds { ids: 2, owes: true, operator: true, crashes: 3, ..wide };
        let fresh = Bounds { fresh: 1, ..wide };
        for (bounds, recover) in [(wide, false), (wide, true), (more, false), (more, true)]
            .into_iter()
            .chain([few, calls, kept, owed, fresh].map(|bounds| (bounds, false)))
            .chain([kept, owed].map(|bounds| (bounds, true)))
        {
            let walks = if recover { 400 } else { 3_000 };
            let how = Walks { walks, length: 50, seed: 5, recover, beginnings: &beginnings };
            let report = walk(&Model::whole(bounds), how);
            assert!(report.found.is_none(), "{:?}", report.found);
            assert!(!recover || report.ends.0 > walks / 2, "masters come back: {:?}", report.ends);
        }
    }
}
