//! `#[on(event, …)]`: which events a handler takes, and `#[on(missed)]`.

use proc_macro2::TokenStream;
use syn::{Attribute, Ident, Type};

use crate::{
    errors::Errors,
    model::{Event, EventOf, Shape, Takes},
    parse::words::{Options, bared, list},
};

/// What the runtime's `ScopeKind` calls them.
const SCOPES: [(&str, &str); 4] =
    [("service", "Service"), ("node", "Node"), ("server", "Server"), ("cluster", "Cluster")];

/// What is said behind `event`.
pub(super) fn takes(args: TokenStream, errors: &mut Errors) -> Takes {
    let mut options = Options::parse("event", args, errors);
    let _itself = options.flag("event", errors);
    let scope = options.string("scope", "cluster", errors).and_then(|text| {
        let found = SCOPES.iter().find(|(word, _)| *word == text.value());
        if found.is_none() {
            let words = list(&SCOPES.map(|(word, _)| word));
            errors.at(
                &text,
                format!("unknown scope \"{}\": the scopes are {words}; without one it takes all", text.value()),
            );
        }
        found.map(|(_, kind)| (text, *kind))
    });
    let retain = options.flag("retain", errors);
    options.finish(errors);
    if let Some((text, "Service")) = &scope
        && retain
    {
        errors.at(text, "none of what stays in its service is kept: leave `retain` out");
    }
    Takes { scope: scope.map(|(_, kind)| kind), retain }
}

/// `#[on(missed)]`: with `&Missed`, or without an argument.
pub(super) fn read_missed(mut shape: Shape, cfgs: Vec<Attribute>, name: &Ident, errors: &mut Errors) -> Option<Event> {
    let Some(arg) = shape.args.pop() else {
        return Some(Event { shape, of: EventOf::Missed(None), cfgs });
    };
    match bared(arg.ty) {
        Type::Reference(missed) if missed.mutability.is_none() && shape.args.is_empty() => {
            Some(Event { shape, of: EventOf::Missed(Some(*missed.elem)), cfgs })
        }
        _ => {
            errors.at(name, format!("it is told what was missed: write `fn {name}(&mut self, missed: &Missed)`"));
            None
        }
    }
}

/// The tokens of an `#[on(event, …)]`, if it is one.
pub(super) fn of_event(attr: &Attribute) -> Option<TokenStream> {
    let syn::Meta::List(list) = &attr.meta else { return None };
    let mut tokens = list.tokens.clone().into_iter();
    let is_event = tokens.next().is_some_and(|token| token.to_string() == "event");
    (is_event && tokens.next().is_some_and(|token| token.to_string() == ",")).then(|| list.tokens.clone())
}

/// What is wrong with what stands behind the name of a hook.
pub(super) fn no_options(hook: &str, rest: &TokenStream) -> String {
    if hook != "event" {
        return format!("`{hook}` has no options: write `#[on({hook})]`");
    }
    let text = rest.to_string();
    let scope = SCOPES.iter().map(|(word, _)| *word).find(|word| text.contains(word)).unwrap_or("cluster");
    format!("options stand behind a comma: write `event, scope = \"{scope}\"`")
}
