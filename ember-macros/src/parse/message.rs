//! `#[message]` on structs and enums, and what it derives.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, DeriveInput, Field, Item, Path, Token, parse_quote, punctuated::Punctuated};

use super::{
    attrs,
    options::Options,
    serde,
    types::{MAP_CALL_ERROR, call_error},
};
use crate::{errors::Errors, model::Runtime, text::text};

/// A type that travels.
pub(crate) struct Message {
    pub(crate) runtime: Runtime,
    pub(crate) item: Item,
    /// The traits to derive: those that the user has not.
    pub(crate) derives: Vec<&'static str>,
    /// Whether it travels as JSON only.
    pub(crate) json: bool,
    /// Whether its structure can be derived: it cannot where a field does not travel.
    pub(crate) whole: bool,
}

/// The same as a derive macro sees it: `cfg` and `cfg_attr` have been decided.
pub(crate) struct Travels {
    pub(crate) runtime: Runtime,
    pub(crate) item: DeriveInput,
    /// Whether it travels as JSON only.
    pub(crate) json: bool,
}

/// How `#[message]` tells its derive macro what it was told.
pub(crate) const TOLD: &str = "ember_message";

pub(crate) fn message(args: TokenStream, mut item: Item, errors: &mut Errors) -> Message {
    let mut options = Options::parse("message", args, errors);
    let runtime = options.runtime(errors);
    let json = json(&mut options, errors);
    options.finish(errors);
    let mut derives = vec!["Serialize", "Deserialize"];
    if let Item::Struct(syn::ItemStruct { attrs, .. }) | Item::Enum(syn::ItemEnum { attrs, .. }) = &item {
        derived_twice(attrs, &mut derives, errors);
    }
    let whole = !call_errors(&mut item, &runtime, errors);
    Message { runtime, item, derives, json, whole }
}

pub(crate) fn travels(mut item: DeriveInput, errors: &mut Errors) -> Travels {
    let told = attrs::take(&mut item.attrs, TOLD);
    let mut options =
        Options::parse("message", told.first().map_or_else(TokenStream::new, |told| attrs::args(told, errors)), errors);
    let runtime = options.runtime(errors);
    let json = json(&mut options, errors);
    serde::judge(&item, json, errors);
    Travels { runtime, item, json }
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

/// Complains of fields that hold a `CallError`, and says whether there are any. serde leaves them out then, so that it has
/// nothing to add.
fn call_errors(item: &mut Item, runtime: &Runtime, errors: &mut Errors) -> bool {
    let default = text(&quote!(#runtime::never_read));
    let fields: Vec<&mut Field> = match item {
        Item::Struct(item) => item.fields.iter_mut().collect(),
        Item::Enum(item) => item.variants.iter_mut().flat_map(|variant| &mut variant.fields).collect(),
        _ => return false,
    };
    let mut found = false;
    for field in fields {
        if let Some(at) = call_error(&field.ty) {
            errors.at(at, MAP_CALL_ERROR);
            field.attrs.push(parse_quote!(#[serde(skip, default = #default)]));
            found = true;
        }
    }
    found
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
