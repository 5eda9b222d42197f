//! Where something of the user's begins and ends.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::model::Runtime;

/// Its first and its last place. What begins and ends there is underlined like it.
pub(crate) fn ends(of: &impl ToTokens) -> (Span, Span) {
    let mut spans = of.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}

/// `refuse(found, why);`: an error at `at`, where it is asked for.
pub(crate) fn refuse(k: &Runtime, at: &impl ToTokens, found: &TokenStream, why: &str) -> TokenStream {
    let (first, last) = ends(at);
    let here = k.at(first);
    let function = quote_spanned!(first=> #here::refuse);
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!(#found, #why));
    arguments.set_span(last);
    quote!(#function #arguments;)
}
