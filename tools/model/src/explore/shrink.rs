//! A trace is played again, and made shorter as long as it breaks the same.

use super::{
    Trace,
    recover::{End, recover},
};
use crate::{
    action::Action,
    model::Model,
    properties::{Broken, Property, Stop},
    world::World,
};

/// Plays those of the actions that can happen; the ones that did, where they led, and what they broke.
pub(crate) fn replay(model: &Model, actions: &[Action]) -> (Vec<Action>, World, Option<Broken>) {
    let (mut world, mut done) = (model.begin(), Vec::new());
    for action in actions {
        match model.after(&world, *action) {
            Err(Stop::NotNow) => continue,
            Err(Stop::Broken(broken)) => {
                done.push(*action);
                return (done, world, Some(broken));
            }
            Ok(next) => world = next,
        }
        done.push(*action);
    }
    (done, world, None)
}

/// The same with nothing in it that could be left away.
pub(crate) fn shorter(model: &Model, mut trace: Trace) -> Trace {
    let mut without = 8;
    while without > 0 {
        let before = trace.actions.len();
        let mut at = 0;
        while at + without <= trace.actions.len() {
            let mut tried = trace.actions.clone();
            tried.drain(at..at + without);
            match same(model, &tried, &trace.broken) {
                Some(done) => trace.actions = done,
                None => at += 1,
            }
        }
        if trace.actions.len() == before {
            without /= 2;
        }
    }
    trace
}

/// What happens of `tried`, if it breaks the same: at its end, or after the end of the faults.
fn same(model: &Model, tried: &[Action], as_before: &Broken) -> Option<Vec<Action>> {
    let (done, world, broken) = replay(model, tried);
    let broken = match broken {
        None if as_before.property == Property::L1 => match recover(model, world, 1) {
            End::Nobody(broken) => Some(broken),
            End::Master | End::Operator => None,
        },
        broken => broken,
    };
    (broken.as_ref() == Some(as_before)).then_some(done)
}
