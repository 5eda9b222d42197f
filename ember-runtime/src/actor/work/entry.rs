//! What hooks of the node say of handlers: asked before one starts, told when it has ended. None of this runs where there are none.

use crate::{
    actor::{
        erased::Core,
        service::{Body, Service},
    },
    error::{Failure, RefusedReason},
    hooks::{AskedHandler, HandlerEnd},
    meters::{Counted, Ended},
};

/// Asks whether the handler of this method may start.
#[cold]
pub(super) fn ask<S: Service>(body: &mut Body<S>, method: fn() -> String) -> Result<(), Box<Failure>> {
    let Body { core, ambient, .. } = body;
    core.asked = Some(AskedHandler::begin(&core.hooks, method, ambient, core.acts(ambient.envelope.epoch))?);
    Ok(())
}

/// It does not start after all.
#[cold]
pub(super) fn refused(core: &mut Core, counted: Counted, reason: RefusedReason) -> Box<Failure> {
    counted.end(Ended::NotExecuted);
    ended(core, &HandlerEnd::NotExecuted(&reason));
    Box::new(reason.into())
}

/// It has ended by itself; whether well, if it does not answer later.
#[cold]
pub(super) fn handled(core: &mut Core, well: Option<bool>) {
    let end = match well {
        Some(true) => HandlerEnd::Value,
        Some(false) => HandlerEnd::AppError,
        None => HandlerEnd::Later,
    };
    ended(core, &end);
}

/// It has ended so.
pub(super) fn ended(core: &mut Core, end: &HandlerEnd<'_>) {
    if let Some(asked) = core.asked.take() {
        asked.end(end);
    }
}
