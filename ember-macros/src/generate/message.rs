//! Types that travel.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::{
    model::{Message, TOLD},
    text::text,
};

/// The item with what it derives: serde's traits, and [`Travels`](super::travels), which sees it once `cfg_attr` is decided.
pub(crate) fn message(Message { runtime: k, item, derives, json, whole }: &Message) -> TokenStream {
    let serde = quote!(#k::serde);
    let path = text(&serde);
    let derives = derives.iter().map(|name| format_ident!("{name}"));
    let (travels, told) = (whole.then(|| quote!(, #k::Travels)), format_ident!("{TOLD}"));
    let (face, json) = (k.face(), json.then(|| quote!(, codec = "json")));
    let told = whole.then(|| quote!(#[#told(crate = #face #json)]));
    quote! {
        #[derive(#(#serde::#derives),* #travels)]
        #[serde(crate = #path)]
        #told
        #item
    }
}
