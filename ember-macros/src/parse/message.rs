//! `#[message]` on structs and enums.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Field, Item, Path, Token, parse_quote, punctuated::Punctuated};

use super::{
    options::Options,
    types::{MAP_CALL_ERROR, call_error},
};
use crate::{errors::Errors, model::Runtime, text::text};

/// A type that travels.
pub(crate) struct Message {
    pub(crate) runtime: Runtime,
    pub(crate) item: Item,
    /// The traits to derive: those that the user has not.
    pub(crate) derives: Vec<&'static str>,
}

pub(crate) fn message(args: TokenStream, mut item: Item, errors: &mut Errors) -> Message {
    let mut options = Options::parse("message", args, errors);
    let runtime = options.runtime(errors);
    options.finish(errors);
    let mut derives = vec!["Serialize", "Deserialize"];
    if let Item::Struct(syn::ItemStruct { attrs, .. }) | Item::Enum(syn::ItemEnum { attrs, .. }) = &item {
        derived_twice(attrs, &mut derives, errors);
    }
    call_errors(&mut item, &runtime, errors);
    Message { runtime, item, derives }
}

/// Complains of fields that hold a `CallError`. serde leaves them out then, so that it has nothing to add.
fn call_errors(item: &mut Item, runtime: &Runtime, errors: &mut Errors) {
    let default = text(&quote!(#runtime::never_read));
    let fields: Vec<&mut Field> = match item {
        Item::Struct(item) => item.fields.iter_mut().collect(),
        Item::Enum(item) => item.variants.iter_mut().flat_map(|variant| &mut variant.fields).collect(),
        _ => return,
    };
    for field in fields {
        if let Some(at) = call_error(&field.ty) {
            errors.at(at, MAP_CALL_ERROR);
            field.attrs.push(parse_quote!(#[serde(skip, default = #default)]));
        }
    }
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
