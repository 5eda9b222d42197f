//! What makes services of one type live.

use std::sync::Arc;

use super::run::drive;
use crate::{
    actor::{
        cell::{AttachFn, BeginFn, Kind},
        service::{Service, Table},
    },
    error::Result,
};

/// The kind of the services of the type `S`. `attach` and `begin` are what the node does for each of them.
///
/// # Errors
/// Two methods with one name, or whose wire ids collide.
pub(crate) fn kind<S: Service>(attach: AttachFn<S>, begin: BeginFn<S>) -> Result<Arc<Kind<S>>> {
    Ok(Arc::new(Kind { table: Table::build()?, attach, begin, drive: drive::<S> }))
}
