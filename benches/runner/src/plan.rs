//! What is to be run, in which order.

use crate::{
    growth::Curve,
    options::Options,
    peers::{FRAMEWORKS, Framework},
    work::{Side, WORKS, Work},
};

/// Each run of a round.
pub(crate) type Plan = Vec<(Work, &'static Framework)>;

/// P1 to P9.
pub(crate) fn bars(sides: &[Side], options: &Options) -> Plan {
    let able = |work: &Work, framework: &Framework| sides.contains(&work.side) && framework.can(work);
    let all = WORKS.iter().flat_map(|work| FRAMEWORKS.iter().map(move |framework| (work, framework)));
    keep(all.filter(|(work, framework)| able(work, framework)), options)
}

/// The points of the curves.
pub(crate) fn growth(curves: &[Curve], options: &Options) -> Plan {
    let all = curves.iter().flat_map(|curve| {
        curve.points.iter().flat_map(|(_, work)| curve.frameworks().map(move |framework| (work, framework)))
    });
    keep(all, options)
}

fn keep<'a>(all: impl Iterator<Item = (&'a Work, &'static Framework)>, options: &Options) -> Plan {
    let wanted = |work: &Work, framework: &Framework| {
        format!("{} {}", work.full_name(), framework.name).contains(&options.filter)
    };
    all.filter(|(work, framework)| wanted(work, framework)).map(|(work, framework)| (work.clone(), framework)).collect()
}
