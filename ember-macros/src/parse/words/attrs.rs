//! The attributes on items and methods: which are ours, and which go along to generated code.

use proc_macro2::TokenStream;
use syn::{Attribute, Meta};

use crate::errors::Errors;

/// Removes the attributes called `name`, however their path begins, and returns them.
pub(crate) fn take(attrs: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    attrs.extract_if(.., |attr| attr.path().segments.last().is_some_and(|last| last.ident == name)).collect()
}

/// The `cfg` attributes.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}

/// What a client's method has in common with the server's: `cfg`, `cfg_attr`, documentation, deprecation.
pub(crate) fn carried(attrs: &[Attribute]) -> Vec<Attribute> {
    let is_carried = |attr: &&Attribute| ["cfg", "doc", "deprecated"].iter().any(|name| attr.path().is_ident(name));
    attrs.iter().filter(is_carried).cloned().collect()
}

/// What stands in the brackets of an attribute.
pub(crate) fn args(attr: &Attribute, errors: &mut Errors) -> TokenStream {
    match &attr.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            let name = pair.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
            errors.at(pair, format!("write `#[{name}(…)]`"));
            TokenStream::new()
        }
    }
}
