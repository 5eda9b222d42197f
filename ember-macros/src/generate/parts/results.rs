//! What a method returns.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::{Output, Runtime};

/// The types of the value and of the error.
pub(crate) fn results(k: &Runtime, output: &Output) -> (TokenStream, TokenStream) {
    match output.seen() {
        Output::Later { of, .. } => results(k, of),
        Output::Value(value) => (quote!(#value), quote!(#k::Infallible)),
        Output::Fallible { value, error, .. } => (quote!(#value), quote!(#error)),
        Output::Alias(whole) => {
            let at = k.at(whole.span());
            let value = quote_spanned!(whole.span()=> <#whole as #at::ResultType>::Value);
            let error = quote_spanned!(whole.span()=> <#whole as #at::ResultType>::Error);
            (value, error)
        }
    }
}
