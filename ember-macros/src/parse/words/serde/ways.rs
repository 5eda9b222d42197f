//! What is written must be read: complaints about attributes that change only one of the two ways.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, LitStr, Meta};

use super::read::{find, text};
use crate::errors::Errors;

/// The way out for what only a format with names can carry.
const OR_JSON: &str = "or, if the type travels as JSON only, write `#[message(codec = \"json\")]` on it";

/// Complains at the attributes of one type.
pub(super) struct Judge<'a> {
    /// Whether it travels as JSON only.
    pub(super) json: bool,
    pub(super) errors: &'a mut Errors,
}

impl Judge<'_> {
    /// Complains, whatever the format.
    pub(super) fn never(&mut self, at: &Meta, message: &str) {
        self.errors.at(at, message);
    }

    /// Complains of what postcard cannot carry.
    pub(super) fn not_by_postcard(&mut self, at: &Meta, message: &str) {
        if !self.json {
            self.errors.at(at, format!("{message}, {OR_JSON}"));
        }
    }

    /// Complains of `rename(serialize = "…", deserialize = "…")`.
    pub(super) fn one_name(&mut self, option: &Meta, name: &str) {
        if matches!(option, Meta::List(_)) {
            let more = if name == "rename" { ", and `alias = \"…\"` for other names that are read" } else { "" };
            let message = format!("what is written under one name must be read under it: write `{name} = \"…\"`{more}");
            self.never(option, &message);
        }
    }

    /// Complains of what changes only what is written, or only what is read.
    pub(super) fn both_ways(&mut self, attrs: &[Attribute], write: &str, read: &[&str]) {
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
