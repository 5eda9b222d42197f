//! What cannot be a field of something that travels, as far as the words of its type say so.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Type, TypeParamBound, TypePath, TypeTraitObject,
    visit::{self, Visit},
};

use super::types::{FlawKind, MAP_CALL_ERROR, flaw};

const STREAM: &str =
    "a stream is what a method returns, and no part of a message: return `Streaming<T>`, or send a `Vec<T>` here";

const ERROR: &str = "this error holds what only its own process knows, and does not travel: write a `#[message]` enum of your own, or a \
    `String` for its text";

const INSTANT: &str = "an `Instant` is a time on the clock of one machine, and means nothing on another: write a `Duration` (how long ago, or \
    how long from now), or a `SystemTime`";

/// The first part of the type that does not travel, whatever is put on it, and what to write instead. A name alone that may be one of
/// the user's own (`Instant`, `Error`) is none.
pub(crate) fn stays(ty: &Type) -> Option<(TokenStream, &'static str)> {
    if let Some(flaw) = flaw(ty, true) {
        match flaw.kind {
            FlawKind::CallError => return Some((flaw.at, MAP_CALL_ERROR)),
            FlawKind::Streaming => return Some((flaw.at, STREAM)),
            _ => {}
        }
    }
    let mut search = Search(None);
    search.visit_type(ty);
    search.0
}

struct Search(Option<(TokenStream, &'static str)>);

impl<'ast> Visit<'ast> for Search {
    fn visit_type_trait_object(&mut self, object: &'ast TypeTraitObject) {
        let is_error = |bound: &TypeParamBound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Error"),
            _ => false,
        };
        if object.bounds.iter().any(is_error) {
            self.0.get_or_insert((object.to_token_stream(), ERROR));
        }
    }

    fn visit_type_path(&mut self, path: &'ast TypePath) {
        let names: Vec<String> = path.path.segments.iter().rev().map(|segment| segment.ident.to_string()).collect();
        let message = match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["Instant", "time"] | ["Instant", "time", "std" | "tokio"] => Some(INSTANT),
            ["Error", "io"] | ["Error", "io", "std"] => Some(ERROR),
            _ => None,
        };
        match message {
            Some(message) => {
                self.0.get_or_insert((path.to_token_stream(), message));
            }
            None => visit::visit_type_path(self, path),
        }
    }
}
