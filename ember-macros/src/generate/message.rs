//! Types that travel.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::schema;
use crate::{parse::Message, text::text};

pub(crate) fn message(Message { runtime: k, item, derives }: &Message) -> TokenStream {
    let serde = quote!(#k::serde);
    let path = text(&serde);
    let schema = schema::schema(k, item);
    let derives = derives.iter().map(|name| format_ident!("{name}"));
    quote! {
        #[derive(#(#serde::#derives),*)]
        #[serde(crate = #path)]
        #item

        #schema
    }
}
