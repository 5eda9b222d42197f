//! A trace is played again, and made shorter as long as it breaks the same.

use super::Trace;
use crate::{
    action::Action,
    model::Model,
    properties::{Broken, Stop},
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
        while at + without < trace.actions.len() {
            let mut tried = trace.actions.clone();
            tried.drain(at..at + without);
            match replay(model, &tried) {
                (done, _, Some(broken)) if broken == trace.broken => trace.actions = done,
                _ => at += 1,
            }
        }
        if trace.actions.len() == before {
            without /= 2;
        }
    }
    trace
}
