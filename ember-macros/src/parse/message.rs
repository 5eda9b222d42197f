//! `#[message]` on structs and enums, and what it derives.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Field, Item, Path, Token, Variant, ext::IdentExt, parse_quote, punctuated::Punctuated,
};

use super::{
    copied,
    structure::{left_out, structure},
};
use crate::{
    errors::Errors,
    model::{EventName, Message, Runtime, TOLD, Travels},
    parse::words::{FlawKind, Options, attrs, docs, is_converted, is_skipped, serde, stand_in, stays, types},
    text::text,
};

pub(crate) fn message(args: TokenStream, mut item: Item, errors: &mut Errors) -> Message {
    let mut options = Options::parse("message", args, errors);
    let runtime = options.runtime(errors);
    let json = json(&mut options, errors);
    let event = event(&mut options, &item, errors);
    options.finish(errors);
    let mut derives = vec!["Serialize", "Deserialize"];
    if let Item::Struct(syn::ItemStruct { attrs, .. }) | Item::Enum(syn::ItemEnum { attrs, .. }) = &item {
        derived_twice(attrs, &mut derives, errors);
    }
    let fields = match &mut item {
        Item::Struct(item) if stand_in(&item.attrs).is_none() => item.fields.iter_mut().collect(),
        Item::Enum(item) if stand_in(&item.attrs).is_none() => of_variants(&mut item.variants),
        _ => Vec::new(),
    };
    let whole = !that_stay(fields, &runtime, errors);
    let apart = whole && derives.len() == 2 && copied::is_worth_it(&item);
    let event = event.filter(|_| whole);
    Message { runtime, item, derives, json, whole, apart, event }
}

/// `event`, `event, name = "…"`.
fn event(options: &mut Options, item: &Item, errors: &mut Errors) -> Option<EventName> {
    let (ident, generics, attributes) = match item {
        Item::Struct(item) => (&item.ident, &item.generics, &item.attrs),
        Item::Enum(item) => (&item.ident, &item.generics, &item.attrs),
        _ => return None,
    };
    let is_event = options.flag("event", errors);
    let given = options.key("name").cloned();
    let name = options.string("name", "weather", errors);
    if !is_event {
        if let Some(key) = given {
            errors.at(key, "only what is an `event` has a name that nodes know it by: write `event, name = \"…\"`, or leave it out");
        }
        return None;
    }
    if let Some(lifetime) = generics.lifetimes().next() {
        let own = fields(item).find_map(|field| match types::flaw(&field.ty, true)?.kind {
            FlawKind::Borrowed(owned) => Some(format!(": `{owned}`")),
            _ => None,
        });
        let own = own.unwrap_or_default();
        errors.at(lifetime, format!("an event that leaves its node borrows nothing, since it is there for as long as anybody reads it: own it{own}"));
        return None;
    }
    if !generics.params.is_empty() {
        errors.at(generics, "an event that leaves its node cannot be generic: it is known by its name; write a type for each case, or an enum");
        return None;
    }
    if let Some(empty) = name.as_ref().filter(|name| name.value().trim().is_empty()) {
        errors.at(empty, "the name of an event is what nodes know it by: write one, or leave `name` out");
        return None;
    }
    let name = name.map_or_else(|| ident.unraw().to_string(), |name| name.value());
    Some(EventName { ident: ident.clone(), name, cfgs: attrs::cfgs(attributes) })
}

/// All fields that it may have.
fn fields(item: &Item) -> impl Iterator<Item = &Field> {
    let (own, variants) = match item {
        Item::Struct(item) => (Some(&item.fields), None),
        Item::Enum(item) => (None, Some(&item.variants)),
        _ => (None, None),
    };
    own.into_iter().chain(variants.into_iter().flatten().map(|variant| &variant.fields)).flatten()
}

/// `None` for what borrows: it cannot be an argument, and may still be a part of something that is written by hand.
pub(crate) fn travels(mut item: DeriveInput, errors: &mut Errors) -> Option<Travels> {
    let told = attrs::take(&mut item.attrs, TOLD);
    let mut options =
        Options::parse("message", told.first().map_or_else(TokenStream::new, |told| attrs::args(told, errors)), errors);
    let runtime = options.runtime(errors);
    let json = json(&mut options, errors);
    let apart = options.flag("apart", errors);
    serde::judge(&item, json, errors);
    if apart {
        let fields = match &mut item.data {
            _ if stand_in(&item.attrs).is_some() => Vec::new(),
            Data::Struct(data) => data.fields.iter_mut().collect(),
            Data::Enum(data) => of_variants(&mut data.variants),
            Data::Union(_) => Vec::new(),
        };
        that_stay(fields, &runtime, errors);
    }
    if item.generics.lifetimes().next().is_some() {
        return None;
    }
    let (options, docs, body) = (serde::that_count(&item.attrs), docs(&item.attrs), structure(&item));
    let left_out = left_out(&item);
    let copy = apart.then(|| item.clone());
    let mut travels = Travels {
        runtime,
        ident: item.ident,
        generics: item.generics,
        json,
        options,
        docs,
        body,
        left_out,
        apart: None,
    };
    travels.apart = copy.map(|copy| copied::copied(copy, &travels));
    Some(travels)
}

/// `codec = "json"`.
fn json(options: &mut Options, errors: &mut Errors) -> bool {
    let Some(text) = options.string("codec", "json", errors) else { return false };
    if text.value() != "json" {
        let message = format!(
            "unknown codec \"{}\": write \"json\" for a type that travels as JSON only, or nothing",
            text.value()
        );
        errors.at(&text, message);
    }
    true
}

/// Complains of fields that cannot travel, and says whether there are any. serde leaves them out then, so that it has nothing to
/// add. What the user's functions or another type stand for may hold anything, and so may what is left out.
fn that_stay(fields: Vec<&mut Field>, runtime: &Runtime, errors: &mut Errors) -> bool {
    let default = text(&quote!(#runtime::never_read));
    let mut found = false;
    for field in fields.into_iter().filter(|field| as_it_is(&field.attrs)) {
        if let Some((at, message)) = stays(&field.ty) {
            errors.at(at, message);
            field.attrs.push(parse_quote!(#[serde(skip, default = #default)]));
            found = true;
        }
    }
    found
}

fn of_variants(variants: &mut Punctuated<Variant, Token![,]>) -> Vec<&mut Field> {
    let variants = variants.iter_mut().filter(|variant| as_it_is(&variant.attrs));
    variants.flat_map(|variant| &mut variant.fields).collect()
}

/// Whether it travels as its type says. What `cfg_attr` will say is not known yet.
fn as_it_is(attributes: &[Attribute]) -> bool {
    !is_converted(attributes)
        && !is_skipped(attributes)
        && !attributes.iter().any(|attr| attr.path().is_ident("cfg_attr"))
}

fn derived_twice(attrs: &[Attribute], derives: &mut Vec<&'static str>, errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
        let Ok(traits) = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) else { continue };
        for path in traits {
            let name = path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
            if derives.contains(&&*name) {
                derives.retain(|derived| *derived != name);
                errors.at(path, format!("`#[message]` derives `{name}`: leave it out here"));
            }
        }
    }
}
