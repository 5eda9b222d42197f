//! What serde is told of a type that travels. An attribute that the format cannot carry is refused here, at the attribute: it
//! would compile, work on one node, and arrive as something else, or not at all, on another.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Meta, Token, Type, Variant, punctuated::Punctuated};

use crate::errors::Errors;

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

/// The way out for what only a format with names can carry.
const OR_JSON: &str = "or, if the type travels as JSON only, write `#[message(codec = \"json\")]` on it";

/// The options that serde is given in `attrs`. What serde cannot read it complains of itself.
fn options(attrs: &[Attribute]) -> impl Iterator<Item = Meta> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("serde"))
        .filter_map(|attr| attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok())
        .flatten()
}

fn find(attrs: &[Attribute], name: &str) -> Option<Meta> {
    options(attrs).find(|option| option.path().is_ident(name))
}

/// Whether a field or variant is neither written nor read.
pub(crate) fn is_skipped(attrs: &[Attribute]) -> bool {
    find(attrs, "skip").is_some()
        || find(attrs, "skip_serializing").is_some() && find(attrs, "skip_deserializing").is_some()
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
pub(super) fn word(attrs: &[Attribute], name: &str) -> Option<String> {
    text(find(attrs, name).as_ref()).map(|text| text.value())
}

/// Whether a struct of one field is written as that.
pub(crate) fn is_transparent(attrs: &[Attribute]) -> bool {
    find(attrs, "transparent").is_some()
}

/// The text behind `name = "…"`.
fn text(option: Option<&Meta>) -> Option<LitStr> {
    let Meta::NameValue(pair) = option? else { return None };
    syn::parse2(pair.value.to_token_stream()).ok()
}

/// Complains of what cannot be carried: by any format, or, unless the type travels as JSON only, by postcard.
pub(crate) fn judge(item: &DeriveInput, json: bool, errors: &mut Errors) {
    let mut judge = Judge { json, errors };
    judge.container(item);
    match &item.data {
        Data::Struct(data) => judge.fields(&data.fields, matches!(data.fields, Fields::Unnamed(_))),
        Data::Enum(data) => {
            let last = data.variants.iter().rposition(|variant| !is_skipped(&variant.attrs));
            for (index, variant) in data.variants.iter().enumerate() {
                judge.variant(variant, last.is_some_and(|last| index < last));
            }
        }
        Data::Union(_) => {}
    }
}

struct Judge<'a> {
    json: bool,
    errors: &'a mut Errors,
}

impl Judge<'_> {
    /// Complains, whatever the format.
    fn never(&mut self, at: &Meta, message: &str) {
        self.errors.at(at, message);
    }

    /// Complains of what postcard cannot carry.
    fn not_by_postcard(&mut self, at: &Meta, message: &str) {
        if !self.json {
            self.errors.at(at, format!("{message}, {OR_JSON}"));
        }
    }

    fn container(&mut self, item: &DeriveInput) {
        let attrs = &item.attrs;
        let is_struct = matches!(item.data, Data::Struct(_));
        // The first one is Ember's own.
        if let Some(second) = options(attrs).filter(|option| option.path().is_ident("crate")).nth(1) {
            self.never(&second, "`#[message]` brings a serde of its own: leave `crate` out");
        }
        for option in options(attrs) {
            let Some(name) = option.path().get_ident().map(ToString::to_string) else { continue };
            match &*name {
                "rename" | "rename_all" | "rename_all_fields" => self.one_name(&option, &name),
                "tag" if is_struct => self.not_by_postcard(
                    &option,
                    "`tag` writes the name of the struct before its fields, and postcard would read it as the first of them: \
                     leave it out",
                ),
                // `content` goes with `tag`.
                "tag" | "untagged" => self.untold(&option, &name),
                "remote" => self.never(
                    &option,
                    "`remote` writes functions for another type, and this one does not travel: derive serde's traits here \
                     instead of `#[message]`, and name this type in `with = \"…\"` at the field that holds the other",
                ),
                _ => {}
            }
        }
        self.both_ways(attrs, "into", &["from", "try_from"]);
    }

    fn variant(&mut self, variant: &Variant, before_others: bool) {
        let attrs = &variant.attrs;
        let skipped = is_skipped(attrs);
        for option in options(attrs) {
            let Some(name) = option.path().get_ident().map(ToString::to_string) else { continue };
            match &*name {
                "rename" | "rename_all" => self.one_name(&option, &name),
                "skip" | "skip_deserializing" if skipped && before_others => self.not_by_postcard(
                    &option,
                    &format!(
                        "postcard tells variants by their number, and when they are read a variant with `{name}` is not \
                         counted: those behind it would arrive as others. Move it to the end of the enum"
                    ),
                ),
                "skip_deserializing" if !skipped => self.never(
                    &option,
                    "what is written could not be read: write `skip`, and move the variant to the end of the enum",
                ),
                "untagged" => self.untold(&option, &name),
                _ => {}
            }
        }
        if !skipped {
            self.both_ways(attrs, "serialize_with", &["deserialize_with"]);
            self.fields(&variant.fields, false);
        }
    }

    fn fields(&mut self, fields: &Fields, of_tuple_struct: bool) {
        let alone = of_tuple_struct && fields.len() == 1;
        for field in fields {
            self.field(field, alone);
        }
    }

    fn field(&mut self, Field { attrs, .. }: &Field, alone: bool) {
        let skipped = is_skipped(attrs);
        for option in options(attrs) {
            let Some(name) = option.path().get_ident().map(ToString::to_string) else { continue };
            match &*name {
                "rename" => self.one_name(&option, &name),
                "skip" | "skip_serializing" | "skip_deserializing" if alone => self.never(
                    &option,
                    &format!(
                        "serde writes and reads the only field of a tuple struct whatever `{name}` says: leave it out"
                    ),
                ),
                "skip_serializing" if !skipped => self.never(
                    &option,
                    "what is not written would still be read, from the bytes of what follows: write `skip`",
                ),
                "skip_deserializing" if !skipped => self.never(
                    &option,
                    "what is written would not be read, and its bytes taken for what follows: write `skip`",
                ),
                "skip_serializing_if" if !skipped => self.not_by_postcard(
                    &option,
                    "postcard has no names, so what follows a field that is left out would be read in its place: leave \
                     `skip_serializing_if` out (an empty value costs one byte)",
                ),
                "flatten" if !skipped => self.not_by_postcard(
                    &option,
                    "postcard has no names, so what `flatten` mixes could not be told apart: leave it out, so that the \
                     field is a value of its own",
                ),
                "getter" => self.never(&option, "`getter` belongs to `remote`, and a remote type does not travel"),
                _ => {}
            }
        }
        if !skipped {
            self.both_ways(attrs, "serialize_with", &["deserialize_with"]);
        }
    }

    fn untold(&mut self, option: &Meta, name: &str) {
        self.not_by_postcard(
            option,
            &format!("postcard tells variants by their number, and cannot read an enum with `{name}`: leave it out"),
        );
    }

    /// Complains of `rename(serialize = "…", deserialize = "…")`.
    fn one_name(&mut self, option: &Meta, name: &str) {
        if matches!(option, Meta::List(_)) {
            let more = if name == "rename" { ", and `alias = \"…\"` for other names that are read" } else { "" };
            let message = format!("what is written under one name must be read under it: write `{name} = \"…\"`{more}");
            self.never(option, &message);
        }
    }

    /// Complains of what changes only what is written, or only what is read.
    fn both_ways(&mut self, attrs: &[Attribute], write: &str, read: &[&str]) {
        let writes = find(attrs, write);
        let reads = read.iter().find_map(|name| find(attrs, name));
        match (writes, reads) {
            (Some(writes), Some(reads)) => {
                let same = |one: &LitStr, other: &LitStr| {
                    let tokens = |text: &LitStr| text.parse::<TokenStream>().map(|tokens| tokens.to_string());
                    matches!((tokens(one), tokens(other)), (Ok(one), Ok(other)) if one == other)
                };
                if write == "into"
                    && let (Some(into), Some(from)) = (text(Some(&writes)), text(Some(&reads)))
                    && !same(&into, &from)
                {
                    let message = format!(
                        "it is written as `{}` and read as `{}`: name the same type in both",
                        into.value(),
                        from.value()
                    );
                    self.not_by_postcard(&writes, &message);
                }
            }
            (Some(writes), None) => {
                let or_with = if write == "serialize_with" { ", or write `with = \"…\"` for both" } else { "" };
                let message =
                    format!("`{write}` changes what is written, and not what is read: add `{}`{or_with}", read[0]);
                self.not_by_postcard(&writes, &message);
            }
            (None, Some(reads)) => {
                let or_with = if write == "serialize_with" { ", or write `with = \"…\"` for both" } else { "" };
                let name = reads.path().to_token_stream();
                let message = format!("`{name}` changes what is read, and not what is written: add `{write}`{or_with}");
                self.not_by_postcard(&reads, &message);
            }
            (None, None) => {}
        }
    }
}
