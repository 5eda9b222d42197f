//! `#[message]` on structs and enums, and what it derives.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, DeriveInput, Field, Item, Path, Token, parse_quote, punctuated::Punctuated};

use super::structure::structure;
use crate::{
    errors::Errors,
    model::{Message, Runtime, TOLD, Travels},
    parse::words::{Options, attrs, docs, is_converted, is_skipped, serde, stand_in, stays},
    text::text,
};

pub(crate) fn message(args: TokenStream, mut item: Item, errors: &mut Errors) -> Message {
    let mut options = Options::parse("message", args, errors);
    let runtime = options.runtime(errors);
    let json = json(&mut options, errors);
    options.finish(errors);
    let mut derives = vec!["Serialize", "Deserialize"];
    if let Item::Struct(syn::ItemStruct { attrs, .. }) | Item::Enum(syn::ItemEnum { attrs, .. }) = &item {
        derived_twice(attrs, &mut derives, errors);
    }
    let whole = !that_stay(&mut item, &runtime, errors);
    Message { runtime, item, derives, json, whole }
}

/// `None` for what borrows: it cannot be an argument, and may still be a part of something that is written by hand.
pub(crate) fn travels(mut item: DeriveInput, errors: &mut Errors) -> Option<Travels> {
    let told = attrs::take(&mut item.attrs, TOLD);
    let mut options =
        Options::parse("message", told.first().map_or_else(TokenStream::new, |told| attrs::args(told, errors)), errors);
    let runtime = options.runtime(errors);
    let json = json(&mut options, errors);
    serde::judge(&item, json, errors);
    if item.generics.lifetimes().next().is_some() {
        return None;
    }
    let (options, docs, body) = (serde::that_count(&item.attrs), docs(&item.attrs), structure(&item));
    Some(Travels { runtime, ident: item.ident, generics: item.generics, json, options, docs, body })
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
fn that_stay(item: &mut Item, runtime: &Runtime, errors: &mut Errors) -> bool {
    let default = text(&quote!(#runtime::never_read));
    let fields: Vec<&mut Field> = match item {
        Item::Struct(item) if stand_in(&item.attrs).is_none() => item.fields.iter_mut().collect(),
        Item::Enum(item) if stand_in(&item.attrs).is_none() => {
            let variants = item.variants.iter_mut().filter(|variant| as_it_is(&variant.attrs));
            variants.flat_map(|variant| &mut variant.fields).collect()
        }
        _ => return false,
    };
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
