//! `#[rpc]` on a trait.

use proc_macro2::TokenStream;
use syn::{ItemTrait, TraitItem, TraitItemFn, Visibility, ext::IdentExt};

use super::{
    hook::Marks,
    method::Mark,
    signature::{self, Role},
};
use crate::{
    errors::Errors,
    model::{Contract, Interface, Reach, check_names},
    parse::words::{Options, attrs},
};

pub(crate) fn contract(args: TokenStream, mut item: ItemTrait, errors: &mut Errors) -> Contract {
    let mut options = Options::parse("contract", args, errors);
    let name = options.name_or(&item.ident, "Player", errors);
    let runtime = options.runtime(errors);
    options.finish(errors);
    the_trait(&mut item, errors);

    let mut interface = Interface { name, ..Interface::default() };
    let mut method_attrs = Vec::new();
    for inner in std::mem::take(&mut item.items) {
        let TraitItem::Fn(mut function) = inner else {
            errors.at(inner, "a contract consists of methods: put types and constants beside the trait");
            continue;
        };
        if let Some(method) = method(&mut function, &item.vis, errors) {
            interface.methods.push(method);
            method_attrs.push(function.attrs);
        }
    }
    check_names(&interface, errors);
    Contract { runtime, cfgs: attrs::cfgs(&item.attrs), item, interface, method_attrs }
}

/// The trait as a whole. What cannot be is removed, so that no other errors follow.
fn the_trait(item: &mut ItemTrait, errors: &mut Errors) {
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "a contract cannot be generic: its name alone says what it is");
    } else if let Some(clause) = &item.generics.where_clause {
        errors.at(clause, "a contract cannot have a `where` clause");
    }
    if let Some(token) = item.unsafety.take() {
        errors.at(token, "a contract cannot be `unsafe`: callers on other nodes could not keep its promises");
    }
    item.generics = syn::Generics::default();
}

fn method(function: &mut TraitItemFn, vis: &Visibility, errors: &mut Errors) -> Option<crate::model::Method> {
    if let Some(marks) = Marks::take(&mut function.attrs, errors) {
        errors.at(marks.attribute(), "hooks are the server's own business: put this into the service's `#[rpc] impl`");
        return None;
    }
    let name = &function.sig.ident;
    let Some(mark) = Mark::take(&mut function.attrs, &function.sig, errors) else {
        errors.at(
            name,
            format!("a contract's methods are callable: name it `rpc_{}`, or put `#[rpc]` on it", name.unraw()),
        );
        return None;
    };
    if mark.reach == Reach::Node {
        let rest = name.unraw().to_string();
        let rest = rest.trim_start_matches("api_");
        errors.at(name, format!("a contract is for the whole cluster: name it `rpc_{rest}`, or put `{name}` into the service's `#[rpc] impl`"));
        return None;
    }
    if let Some(body) = &function.default {
        errors.at(body, "a contract says what can be called, and the service does it: write `;` instead of a body");
    }
    signature::refuse_variadic(&mut function.sig, errors);
    let shape = signature::read(&function.sig, Role::Contract, None, errors)?;
    Some(mark.method(shape, vis.clone(), &function.attrs, errors))
}
