//! The paths of units and of their clients.

use syn::{Path, PathArguments, Type};

use super::types::bare;
use crate::model::client_of;

/// The path of a unit: only its last segment may have generic arguments.
pub(crate) fn unit_path(ty: &Type) -> Option<&Path> {
    match bare(ty) {
        Type::Path(path) if path.qself.is_none() => path
            .path
            .segments
            .iter()
            .rev()
            .skip(1)
            .all(|segment| matches!(segment.arguments, PathArguments::None))
            .then_some(&path.path),
        _ => None,
    }
}

/// `shop::PlayerService` → `shop::PlayerServiceClient`.
pub(crate) fn client_path(mut unit: Path) -> Option<Path> {
    let last = unit.segments.last_mut()?;
    last.ident = client_of(&last.ident);
    last.arguments = PathArguments::None;
    Some(unit)
}
