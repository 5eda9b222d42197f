//! `#[rpc]` on an `impl`: a unit's own methods, or those that fulfil a contract.

use proc_macro2::{Ident, TokenStream};
use syn::{Generics, ImplItem, ImplItemFn, ItemImpl, Path, Type, Visibility, parse_quote};

use super::{
    fulfil,
    hook::{Automatic, Marks},
    method::Mark,
    signature::{self, Role},
};
use crate::{
    errors::Errors,
    model::{Fulfilment, Interface, OwnBlock, Reach, Runtime, check_names},
    parse::words::{Options, attrs, client_path, mentioned, name_self, unit_path},
};

/// What an `impl` with `#[rpc]` turned out to be.
pub(crate) enum Block {
    Own(OwnBlock),
    Fulfilment(Fulfilment),
    /// Nothing can be generated.
    Wrong(ItemImpl),
    /// There can be no such block, and whatever is wrong with it has been said elsewhere.
    Impossible,
}

pub(crate) fn block(args: TokenStream, mut item: ItemImpl, errors: &mut Errors) -> Block {
    let mut options = Options::parse("block", args, errors);
    let runtime = options.runtime(errors);
    options.finish(errors);
    let mut ok = true;
    if item.trait_.is_some() && !item.generics.params.is_empty() {
        errors.at(&item.generics, "a contract is fulfilled for one type at a time: name it");
        // As an ordinary block it brings no other errors.
        item.trait_ = None;
        ok = false;
    }
    if let Some(token) = &item.unsafety {
        errors.at(token, "an `#[rpc]` block cannot be `unsafe`");
        ok = false;
    }
    if ok && unit_path(&item.self_ty).is_none() {
        errors.at(&item.self_ty, "an `#[rpc]` block is for a struct with `#[service]` or `#[module]`: name the struct");
        ok = false;
    }
    if !ok {
        return Block::Wrong(without_marks(item));
    }
    match item.trait_.clone() {
        None => Block::Own(own(runtime, item, errors)),
        // A trait and a struct cannot have one name; `#[service]`, or the compiler at the second of them, says so.
        Some((None, contract, _)) if unit_path(&item.self_ty).is_some_and(|unit| is_same_name(unit, &contract)) => {
            Block::Impossible
        }
        Some((None, contract, _)) => Block::Fulfilment(fulfil::read(runtime, contract, item, errors)),
        Some((Some(not), ..)) => {
            errors.at(not, "a contract cannot be denied");
            Block::Wrong(item)
        }
    }
}

/// Whether both are one name, without a path before it.
fn is_same_name(unit: &Path, contract: &Path) -> bool {
    unit.get_ident().is_some() && unit.get_ident() == contract.get_ident()
}

fn own(runtime: Runtime, mut item: ItemImpl, errors: &mut Errors) -> OwnBlock {
    let unit = unit_path(&item.self_ty).cloned();
    let mut interface = Interface::default();
    let (generics, of) = (&item.generics, &*item.self_ty);
    for item in &mut item.items {
        match item {
            ImplItem::Fn(function) => function_of(function, of, generics, &mut interface, errors),
            other => lost_marks(other, errors),
        }
    }
    check_names(&interface, errors);
    OwnBlock { runtime, cfgs: attrs::cfgs(&item.attrs), client: unit.and_then(client_path), item, interface }
}

fn function_of(
    function: &mut ImplItemFn,
    of: &Type,
    generics: &Generics,
    interface: &mut Interface,
    errors: &mut Errors,
) {
    let unit: Option<&Ident> = unit_path(of).and_then(|path| path.segments.last()).map(|last| &last.ident);
    let marks = Marks::take(&mut function.attrs, errors);
    let mark = Mark::take(&mut function.attrs, &function.sig, errors);
    if marks.is_some() || mark.is_some() {
        signature::refuse_variadic(&mut function.sig, errors);
    }
    match (marks, mark) {
        (None, None) => {}
        (Some(marks), None) => match marks.read(&function.sig, unit, &function.attrs, errors) {
            Some(Automatic::Hook(hook)) => interface.hooks.push(*hook),
            Some(Automatic::Event(mut event)) => {
                // What is generated is no part of the block, and has another `Self`.
                event.of.behind().into_iter().for_each(|ty| name_self(ty, of));
                interface.events.push(*event);
            }
            None => {}
        },
        (Some(marks), Some(_)) => {
            let message = "a method is called either by others or by the runtime: split it in two, or give it a name without `rpc_` or `api_`";
            errors.at(marks.attribute(), message);
        }
        (None, Some(mark)) => {
            mark.refuse_commits(function, errors);
            let mut vis = function.vis.clone();
            if mark.reach == Reach::Cluster && matches!(vis, Visibility::Inherited) {
                let name = &function.sig.ident;
                errors.at(name, format!("`{name}` is called from other nodes: make it `pub`"));
                // For those who call it there is nothing wrong.
                vis = parse_quote!(pub);
            }
            let role = match mark.reach {
                Reach::Cluster => Role::Own,
                Reach::Node => Role::Near,
            };
            if let Some(shape) = signature::read(&function.sig, role, unit, errors) {
                let types = shape.args.iter().map(|arg| &arg.ty).chain([shape.output.whole()]);
                let unknown = { types }.find_map(|ty| Some((ty, mentioned(ty, generics)?)));
                if let Some((ty, param)) = unknown {
                    let message =
                        format!("callers see this type, and know nothing of `{param}`: write a type that they know");
                    errors.at(ty, message);
                    return;
                }
                interface.methods.push(mark.method(shape, vis, &function.attrs, errors));
            }
        }
    }
}

/// Marks on what is no function.
fn lost_marks(item: &mut ImplItem, errors: &mut Errors) {
    let attributes = match item {
        ImplItem::Const(it) => &mut it.attrs,
        ImplItem::Type(it) => &mut it.attrs,
        _ => return,
    };
    for mark in attrs::take_marks(attributes) {
        errors.at(mark, "this goes on a method");
    }
}

/// The block without the attributes that only we know, for an editor that goes on.
fn without_marks(mut item: ItemImpl) -> ItemImpl {
    for item in &mut item.items {
        if let ImplItem::Fn(function) = item {
            attrs::take_marks(&mut function.attrs);
        }
    }
    item
}
