//! One option as it stands in an attribute's brackets, before anybody has asked for it.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

pub(super) struct Given {
    pub(super) key: Ident,
    pub(super) value: Value,
}

pub(super) enum Value {
    Flag,
    Is(TokenStream),
    List(TokenStream),
}

impl ToTokens for Given {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.key.to_tokens(tokens);
        if let Value::Is(value) | Value::List(value) = &self.value {
            value.to_tokens(tokens);
        }
    }
}

/// The tokens without the group that nobody sees, which `macro_rules!` lays around what it was given, as in `name = $name`.
pub(super) fn bare(tokens: TokenStream) -> TokenStream {
    let mut rest = tokens.clone().into_iter();
    match (rest.next(), rest.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => bare(group.stream()),
        _ => tokens,
    }
}

/// Each option in an attribute's brackets, or what is wrong with it.
pub(super) fn all(args: TokenStream) -> Vec<syn::Result<Given>> {
    split(args).into_iter().map(|part| one.parse2(part)).collect()
}

/// The parts between commas.
fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            _ => parts.last_mut().expect("there is one part at least").extend([token]),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// One option.
fn one(input: ParseStream<'_>) -> syn::Result<Given> {
    let what = "expected an option: `name`, `name = value` or `name(…)`";
    let key = Ident::parse_any(input).map_err(|error| syn::Error::new(error.span(), what))?;
    let value = if input.is_empty() {
        Value::Flag
    } else if input.parse::<Option<Token![=]>>()?.is_some() {
        let rest: TokenStream = input.parse()?;
        if rest.is_empty() {
            return Err(syn::Error::new(key.span(), format!("`{key} =` needs a value")));
        }
        Value::Is(rest)
    } else if input.peek(syn::token::Paren) {
        let list;
        syn::parenthesized!(list in input);
        let list: TokenStream = list.parse()?;
        if !input.is_empty() {
            return Err(input.error(what));
        }
        Value::List(list)
    } else {
        return Err(input.error(what));
    };
    Ok(Given { key, value })
}
