//! Where to point at an item as a whole.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Item;

/// The word that says what kind of item it is.
pub(crate) fn keyword(item: &Item) -> TokenStream {
    match item {
        Item::Enum(it) => it.enum_token.to_token_stream(),
        Item::Union(it) => it.union_token.to_token_stream(),
        Item::Struct(it) => it.struct_token.to_token_stream(),
        Item::Fn(it) => it.sig.ident.to_token_stream(),
        Item::Trait(it) => it.trait_token.to_token_stream(),
        Item::Impl(it) => it.impl_token.to_token_stream(),
        Item::Mod(it) => it.mod_token.to_token_stream(),
        Item::Type(it) => it.type_token.to_token_stream(),
        Item::Const(it) => it.const_token.to_token_stream(),
        other => quote!(#other),
    }
}
