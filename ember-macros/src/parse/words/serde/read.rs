//! What serde is told of a type that travels.

use quote::ToTokens;
use syn::{Attribute, LitStr, Meta, Token, Type, punctuated::Punctuated};

/// What serde can be told that does not change the bytes that postcard writes.
const HARMLESS: &[&str] = &[
    "alias",
    "bound",
    "borrow",
    "crate",
    "default",
    "deny_unknown_fields",
    "expecting",
    "rename",
    "rename_all",
    "rename_all_fields",
    "transparent",
];

/// The options that serde is given in `attrs`. What serde cannot read it complains of itself.
pub(super) fn options(attrs: &[Attribute]) -> impl Iterator<Item = Meta> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("serde"))
        .filter_map(|attr| attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok())
        .flatten()
}

pub(super) fn find(attrs: &[Attribute], name: &str) -> Option<Meta> {
    options(attrs).find(|option| option.path().is_ident(name))
}

/// Whether a field or variant is neither written nor read.
pub(crate) fn is_skipped(attrs: &[Attribute]) -> bool {
    skip(attrs).is_some()
}

/// Where it says that a field or variant is neither written nor read.
pub(crate) fn skip(attrs: &[Attribute]) -> Option<Meta> {
    let both = || find(attrs, "skip_deserializing").and_then(|_| find(attrs, "skip_serializing"));
    find(attrs, "skip").or_else(both)
}

/// Whether functions of the user's write and read a field, or what a variant holds: its type's own way to travel is not used then.
pub(crate) fn is_converted(attrs: &[Attribute]) -> bool {
    find(attrs, "with").is_some()
        || find(attrs, "serialize_with").is_some() && find(attrs, "deserialize_with").is_some()
}

/// The options that may change the bytes, as text.
pub(crate) fn that_count(attrs: &[Attribute]) -> String {
    let counts = |option: &Meta| !HARMLESS.iter().any(|name| option.path().is_ident(name));
    options(attrs)
        .filter(counts)
        .map(|option| crate::text::text(&option.to_token_stream()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The type that stands for this one on the wire: `from = "…"` or `try_from = "…"`.
pub(crate) fn stand_in(attrs: &[Attribute]) -> Option<Type> {
    text(find(attrs, "from").or_else(|| find(attrs, "try_from")).as_ref())?.parse().ok()
}

/// What the option `name = "…"` says.
pub(crate) fn word(attrs: &[Attribute], name: &str) -> Option<String> {
    text(find(attrs, name).as_ref()).map(|text| text.value())
}

/// Whether a struct of one field is written as that.
pub(crate) fn is_transparent(attrs: &[Attribute]) -> bool {
    find(attrs, "transparent").is_some()
}

/// The text behind `name = "…"`.
pub(super) fn text(option: Option<&Meta>) -> Option<LitStr> {
    let Meta::NameValue(pair) = option? else { return None };
    syn::parse2(pair.value.to_token_stream()).ok()
}
