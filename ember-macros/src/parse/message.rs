//! `#[message]` on structs and enums.

use proc_macro2::TokenStream;
use syn::{Attribute, Item, Path, Token, punctuated::Punctuated};

use super::options::Options;
use crate::{errors::Errors, model::Runtime};

/// A type that travels.
pub(crate) struct Message {
    pub(crate) runtime: Runtime,
    pub(crate) item: Item,
    /// The traits to derive: those that the user has not.
    pub(crate) derives: Vec<&'static str>,
}

pub(crate) fn message(args: TokenStream, item: Item, errors: &mut Errors) -> Message {
    let mut options = Options::parse("message", args, errors);
    let runtime = options.runtime(errors);
    options.finish(errors);
    let mut derives = vec!["Serialize", "Deserialize"];
    if let Item::Struct(syn::ItemStruct { attrs, .. }) | Item::Enum(syn::ItemEnum { attrs, .. }) = &item {
        derived_twice(attrs, &mut derives, errors);
    }
    Message { runtime, item, derives }
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
