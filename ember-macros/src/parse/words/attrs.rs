//! The attributes on items and methods: which are ours, and which go along to generated code.

use proc_macro2::TokenStream;
use syn::{Attribute, Meta, Token, parse_quote, punctuated::Punctuated};

use crate::errors::Errors;

/// Removes the attributes called `name`, however their path begins, and returns them.
pub(crate) fn take(attrs: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    attrs.extract_if(.., |attr| attr.path().segments.last().is_some_and(|last| last.ident == name)).collect()
}

/// Removes whatever marks a method as ours, and returns it.
pub(crate) fn take_marks(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    ["rpc", "on", "every", "tick", "after", "cron"].iter().flat_map(|name| take(attrs, name)).collect()
}

/// The `cfg` attributes.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter_map(|attr| of_these(attr, &["cfg"])).collect()
}

/// What a client's method has in common with the server's: `cfg`, documentation, deprecation, also within `cfg_attr`.
pub(crate) fn carried(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter_map(|attr| of_these(attr, &["cfg", "doc", "deprecated"])).collect()
}

/// Whether one of them is documentation.
pub(crate) fn documented(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("doc"))
}

/// The attribute, if it has one of these names; of a `cfg_attr`, those in it that have.
fn of_these(attr: &Attribute, names: &[&str]) -> Option<Attribute> {
    let is_one = |path: &syn::Path| names.iter().any(|name| path.is_ident(name));
    if !attr.path().is_ident("cfg_attr") {
        return is_one(attr.path()).then(|| attr.clone());
    }
    let all = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let mut all = all.into_iter();
    let condition = all.next()?;
    let these: Vec<_> = all.filter(|meta| is_one(meta.path())).collect();
    (!these.is_empty()).then(|| parse_quote!(#[cfg_attr(#condition, #(#these),*)]))
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
