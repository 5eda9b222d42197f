//! Types that travel.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{parse::Message, text::text};

pub(crate) fn message(Message { runtime: k, item }: &Message) -> TokenStream {
    let serde = quote!(#k::serde);
    let path = text(&serde);
    quote! {
        #[derive(#serde::Serialize, #serde::Deserialize)]
        #[serde(crate = #path)]
        #item
    }
}
