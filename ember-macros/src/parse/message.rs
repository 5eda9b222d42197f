//! `#[message]` on structs and enums.

use proc_macro2::TokenStream;
use syn::{Attribute, Item, Path, Token, punctuated::Punctuated};

use super::options::Options;
use crate::{errors::Errors, model::Runtime};

/// A type that travels.
pub(crate) struct Message {
    pub(crate) runtime: Runtime,
    pub(crate) item: Item,
}

pub(crate) fn message(args: TokenStream, item: Item, errors: &mut Errors) -> Message {
    let mut options = Options::parse("message", args, errors);
    let runtime = options.runtime(errors);
    options.finish(errors);
    if let Item::Struct(syn::ItemStruct { attrs, .. }) | Item::Enum(syn::ItemEnum { attrs, .. }) = &item {
        derived_twice(attrs, errors);
    }
    Message { runtime, item }
}

fn derived_twice(attrs: &[Attribute], errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
        let Ok(traits) = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) else { continue };
        for path in traits {
            let name = path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
            if name == "Serialize" || name == "Deserialize" {
                errors.at(path, format!("`#[message]` derives `{name}`: leave it out here"));
            }
        }
    }
}
