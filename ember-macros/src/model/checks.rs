//! What must hold among the methods of one interface.

use std::collections::BTreeMap;

use proc_macro2::Ident;
use syn::ext::IdentExt;

use super::Interface;
use crate::errors::Errors;

/// Names that every client has already.
const CLIENT_NAMES: &[&str] = &["address", "clone", "from_handle", "handle", "interest", "selector"];

/// Whether a method or a module's field (`what`) can be called so on a client; complains if not.
pub(crate) fn check_name(ident: &Ident, what: &str, errors: &mut Errors) -> bool {
    let name = ident.unraw().to_string();
    let is_generated = CLIENT_NAMES.contains(&&*name) || name.starts_with("__");
    if is_generated {
        errors.at(ident, format!("clients have a generated item named `{ident}`: give the {what} another name"));
    }
    !is_generated
}

/// Wire names and the ids made of them are unique, and no method is called like something generated.
pub(crate) fn check_names(interface: &Interface, errors: &mut Errors) {
    let (mut seen, mut ids) = (BTreeMap::new(), BTreeMap::new());
    for method in &interface.methods {
        let ident = method.ident();
        check_name(ident, "method", errors);
        // Two that are configured in turn may share a name; whether they do at once shows when the service starts.
        if !method.cfgs.is_empty() {
            continue;
        }
        let name = &method.name;
        if let Some(first) = seen.insert(name, ident) {
            errors.at(ident, format!("the wire name `{name}` is taken by `{first}`: give one of them another name"));
        } else if let Some(first) = ids.insert(wire_id(&interface.name, name), ident) {
            let message = format!(
                "the wire ids of `{ident}` and `{first}` collide, which is nobody's fault: give one of them another name, or \
                 `#[rpc(name = \"…\")]`"
            );
            errors.at(ident, message);
        }
    }
}

/// What a method of a service is called on the wire, as `MethodId` of the runtime has it. Methods of modules have longer names
/// there, whose ids are compared when the service starts.
fn wire_id(contract: &str, name: &str) -> u32 {
    let dot = if contract.is_empty() { "" } else { "." };
    let bytes = [contract, dot, name].into_iter().flat_map(str::bytes);
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::wire_id;

    #[test]
    fn wire_ids_are_those_of_the_runtime() {
        assert_eq!(wire_id("", "rpc_set_team_596"), 0x740f_4116);
        assert_eq!(wire_id("", "rpc_sell_quest_238"), 0x740f_4116);
        assert_eq!(wire_id("Player", "rpc_buy"), wire_id("", "Player.rpc_buy"));
    }
}
