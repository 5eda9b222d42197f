//! What must hold among the methods of one interface.

use std::collections::BTreeMap;

use syn::ext::IdentExt;

use super::Interface;
use crate::errors::Errors;

/// Names that every client has already.
const CLIENT_NAMES: &[&str] = &["address", "clone", "from_handle", "handle", "interest", "selector"];

/// Whether a method or a module field cannot be called so on a client.
pub(crate) fn is_generated(name: &str) -> bool {
    CLIENT_NAMES.contains(&name) || name.starts_with("__")
}

/// Wire names are unique, and no method is called like something generated.
pub(crate) fn check_names(interface: &Interface, errors: &mut Errors) {
    let mut seen = BTreeMap::new();
    for method in &interface.methods {
        let ident = method.ident();
        if is_generated(&ident.unraw().to_string()) {
            errors.at(ident, format!("clients have a generated item named `{ident}`: give the method another name"));
        }
        // Two that are configured in turn may share a name; whether they do at once shows when the service starts.
        if !method.cfgs.is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(&method.name, ident) {
            let name = &method.name;
            errors.at(ident, format!("the wire name `{name}` is taken by `{first}`: give one of them another name"));
        }
    }
}
