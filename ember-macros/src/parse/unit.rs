//! `#[service]` and `#[module]` on structs.

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Fields, GenericArgument, Generics, ItemStruct, PathArguments, Type};

use crate::{
    errors::Errors,
    model::{Acks, Mount, ServiceSpec, Unit, UnitKind, check_name},
    parse::words::{Options, attrs, bare, mentioned, owned},
};

/// So many shards has a service that does not say how many.
const SHARDS: u16 = 64;

/// So many handlers of a concurrent service that does not say how many run at once.
const WORKERS: u16 = 64;

/// What an attribute on a struct came to: a unit, or the struct alone, if nothing can be said of it, or nothing, if it cannot be there.
type Read = Result<Unit, Option<Box<ItemStruct>>>;

/// `#[service(…)] struct`.
pub(crate) fn service(args: TokenStream, item: ItemStruct, errors: &mut Errors) -> Read {
    let mut options = Options::parse("service", args, errors);
    let mut spec = ServiceSpec {
        name: options.name_or(&item.ident, "player", errors),
        kind: options.text("kind", "game", errors),
        version: options.version("version", errors),
        contracts: options.paths("implements", "Player", errors),
        elected: options.flag("elected", errors),
        min_in_sync: options.count("min_in_sync", 2, errors),
        acks: acks(&mut options, errors),
        shards: shards(&mut options, errors),
        concurrent: concurrent(&mut options, errors),
        workers: options.bounds("workers", "`workers = 8` or `workers = 2..=16`", errors),
    };
    of_groups(&mut spec, errors);
    if (spec.elected || spec.shards.is_some())
        && let Some(key) = spec.concurrent.take()
    {
        let (message, other) = if spec.elected {
            ("an elected service acts as one, and one handler at a time has its state", "elected")
        } else {
            ("each shard of a sharded service has its state alone", "sharded")
        };
        errors.at(key, format!("{message}: leave out `concurrent` or `{other}`"));
        spec.workers = None;
    }
    if spec.elected
        && let Some((key, _)) = spec.shards.take()
    {
        let message = "an elected service acts as one, and its state is one: leave out `sharded` or `elected`";
        errors.at(key, message);
    }
    of_workers(&mut spec, errors);
    // The compiler would have some twenty errors to add.
    if spec.contracts.iter().any(|contract| contract.is_ident(&item.ident)) {
        let name = &item.ident;
        errors.at(
            name,
            format!("the contract is named `{name}`: give the struct another name, for instance `{name}Service`"),
        );
        return Err(None);
    }
    unit(options, item, UnitKind::Service(spec), errors)
}

/// How many shards the service has, with where that is said.
fn shards(options: &mut Options, errors: &mut Errors) -> Option<(Ident, u16)> {
    let sharded = options.key("sharded").cloned();
    let is_sharded = options.flag("sharded", errors);
    let count = options.count("shards", 64, errors);
    match (sharded.filter(|_| is_sharded), count) {
        (Some(_), Some(count)) => Some(count),
        (Some(key), None) => Some((key, SHARDS)),
        (None, Some((key, _))) => {
            errors.at(key, "`shards` says how many states a sharded service has: write `sharded` too, or leave it out");
            None
        }
        (None, None) => None,
    }
}

/// Where it says that it is concurrent.
fn concurrent(options: &mut Options, errors: &mut Errors) -> Option<Ident> {
    let key = options.key("concurrent").cloned();
    key.filter(|_| options.flag("concurrent", errors))
}

/// Finds fault with workers that nobody has use for, and forgets them then. A concurrent service has some, whether it says how many or not.
fn of_workers(spec: &mut ServiceSpec, errors: &mut Errors) {
    if let Some(key) = &spec.concurrent {
        spec.workers.get_or_insert_with(|| (key.clone(), (WORKERS, WORKERS)));
        return;
    }
    let Some((key, (_, most))) = &spec.workers else { return };
    let message = match &spec.shards {
        Some((_, shards)) if most <= shards => return,
        Some((_, shards)) => {
            format!(
                "a shard is at work or is not, and there are {shards}: write `workers = {shards}` at most, or more `shards`"
            )
        }
        None => "`workers` says how many handlers, or shards, are at work at once: write `concurrent` or `sharded` too, or leave it out".into(),
    };
    errors.at(key, message);
    spec.workers = None;
}

fn acks(options: &mut Options, errors: &mut Errors) -> Option<(Ident, Acks)> {
    let key = options.key("acks").cloned();
    let acks = options.word("acks", &[("all", Acks::All), ("leader", Acks::Leader)], errors)?;
    Some((key?, acks))
}

/// Finds fault with what is said of groups that there cannot be, and forgets it then: the compiler would have more to say.
fn of_groups(spec: &mut ServiceSpec, errors: &mut Errors) {
    let ServiceSpec { elected, min_in_sync, acks, .. } = spec;
    if !*elected {
        let keys = [min_in_sync.take().map(|(key, _)| key), acks.take().map(|(key, _)| key)];
        for key in keys.into_iter().flatten() {
            let message =
                format!("`{key}` is about the group of a replicated service: write `elected` too, or leave it out");
            errors.at(key, message);
        }
    }
    if acks.as_ref().is_some_and(|(_, acks)| *acks == Acks::Leader)
        && let Some((key, _)) = min_in_sync.take()
    {
        *acks = None;
        errors.at(
            key,
            "with `acks = \"leader\"` nothing waits for others, however many are in sync: leave out one of the two",
        );
    }
}

/// `#[module(…)] struct`.
pub(crate) fn module(args: TokenStream, item: ItemStruct, errors: &mut Errors) -> Read {
    let mut options = Options::parse("module", args, errors);
    let mut parent = options.path("parent", "PlayerService", errors);
    let concurrent = options.flag("concurrent", errors);
    if let Some(parent) = parent.take_if(|_| concurrent) {
        let message = "a concurrent module has no parent: several handlers have that at once; let both hold an `Arc` of what they share";
        errors.at(parent, message);
    }
    unit(options, item, UnitKind::Module { parent, concurrent }, errors)
}

fn unit(mut options: Options, mut item: ItemStruct, kind: UnitKind, errors: &mut Errors) -> Read {
    let runtime = options.runtime(errors);
    options.finish(errors);
    let is_service = matches!(kind, UnitKind::Service(_));
    if let Some(lifetime) = item.generics.lifetimes().next() {
        let what = if is_service { "service" } else { "module" };
        errors.at(lifetime, format!("a {what} borrows nothing: it lives as long as it likes; own what it holds"));
    }
    let is_generic = match item.generics.params.is_empty() {
        true => item.generics.where_clause.is_some(),
        false => item.generics.type_params().next().is_some() || item.generics.const_params().next().is_some(),
    };
    if is_generic && is_service {
        let message =
            "a service cannot be generic: it is known by its name; write a struct for each case, or an enum in a field";
        if item.generics.params.is_empty() {
            errors.at(&item.generics.where_clause, message);
        } else {
            errors.at(&item.generics, message);
        }
    }
    let mut mounts = mounts(&mut item.fields, &item.generics, errors);
    let is_concurrent = match &kind {
        UnitKind::Service(spec) => spec.concurrent.is_some(),
        UnitKind::Module { concurrent, .. } => *concurrent,
    };
    if is_concurrent {
        mounts.retain(|mount| is_fixed(mount, errors));
    }
    if item.generics.lifetimes().next().is_some() || is_service && !item.generics.params.is_empty() {
        return Err(Some(Box::new(item)));
    }
    Ok(Unit { runtime, cfgs: attrs::cfgs(&item.attrs), mounts, kind, item })
}

/// Takes `#[module]` off the fields that have it.
fn mounts(fields: &mut Fields, generics: &Generics, errors: &mut Errors) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for field in fields {
        let marks = attrs::take(&mut field.attrs, "module");
        let Some(mark) = marks.first() else {
            if holds_module(&field.ty) {
                errors.at(&field.ty, "this field holds a module: put `#[module]` on it, so that the service knows it");
            }
            continue;
        };
        no_options(mark, errors);
        let Some(ident) = &field.ident else {
            errors.at(&field.ty, "a module's field needs a name: it is part of the names of its methods");
            continue;
        };
        if !check_name(ident, "field", errors) {
            continue;
        }
        if let Some((key, instead)) = borrowed_key(&field.ty) {
            errors.at(key, format!("a key is sent to other nodes, and owns what it is: write `{instead}`"));
            continue;
        }
        if let Some(param) = mentioned(&field.ty, generics) {
            let message =
                format!("clients of this module know nothing of `{param}`: name the type of the module within");
            errors.at(&field.ty, message);
            continue;
        }
        mounts.push(Mount { field: ident.clone(), ty: field.ty.clone(), cfgs: attrs::cfgs(&field.attrs) });
    }
    mounts
}

/// Whether a field of a concurrent unit holds one module, and not some under keys, which come and go.
fn is_fixed(mount: &Mount, errors: &mut Errors) -> bool {
    let Type::Path(path) = bare(&mount.ty) else { return true };
    let is_keyed = path.path.segments.last().is_some_and(|last| last.ident == "Modules");
    if is_keyed {
        let message = "modules under keys come and go, and handlers that run at once cannot add them: hold `Module<T>` here, or leave \
                       `concurrent` out";
        errors.at(&mount.ty, message);
    }
    !is_keyed
}

/// Whether the type is written `Module<T>` or `Modules<K, T>`.
fn holds_module(ty: &Type) -> bool {
    let Type::Path(path) = bare(ty) else { return false };
    path.path.segments.last().is_some_and(|last| match &last.arguments {
        PathArguments::AngleBracketed(list) => match list.args.len() {
            1 => last.ident == "Module",
            2 => last.ident == "Modules",
            _ => false,
        },
        _ => false,
    })
}

/// The key, if it is written as `&…`, and what to write instead.
fn borrowed_key(ty: &Type) -> Option<(&Type, String)> {
    let Type::Path(path) = bare(ty) else { return None };
    let PathArguments::AngleBracketed(list) = &path.path.segments.last()?.arguments else { return None };
    match list.args.first()? {
        GenericArgument::Type(key) if list.args.len() == 2 => match bare(key) {
            Type::Reference(reference) => Some((key, owned(&reference.elem))),
            _ => None,
        },
        _ => None,
    }
}

fn no_options(mark: &Attribute, errors: &mut Errors) {
    let args = attrs::args(mark, errors);
    if !args.is_empty() {
        errors.at(args, "`#[module]` on a field takes no options: they go on the module's struct");
    }
}
