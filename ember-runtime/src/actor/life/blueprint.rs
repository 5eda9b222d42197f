//! What makes services of one type live.

use std::sync::Arc;

use super::{at_work::work, run::drive};
use crate::{
    actor::{
        cell::{AttachFn, BeginFn, Blueprint},
        service::{Service, Table},
    },
    error::Result,
    meters::Meters,
};

/// The blueprint of the services of the type `S`. `attach` and `begin` are what the node does for each of them.
///
/// # Errors
/// Two methods with one name, or whose wire ids collide.
pub(crate) fn blueprint<S: Service>(
    attach: AttachFn<S>,
    begin: BeginFn<S>,
    (is_watched, meters): (bool, Option<&Meters>),
) -> Result<Arc<Blueprint<S>>> {
    let mut table = Table::build()?;
    if is_watched {
        table.watch(S::SPEC.name);
    }
    if let Some(meters) = meters {
        table.count(S::SPEC.name, meters);
    }
    Ok(Arc::new(Blueprint { table, attach, begin, drive: drive::<S>, work: work::<S> }))
}
