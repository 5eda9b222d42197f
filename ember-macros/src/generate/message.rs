//! Types that travel.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::{
    model::{EventName, Message, TOLD},
    text::text,
};

/// The item with what it derives: serde's traits, and [`Travels`](super::travels), which sees it once `cfg_attr` is decided, and derives
/// serde's traits where they are derived on a copy.
pub(crate) fn message(Message { runtime: k, item, derives, json, whole, apart, event }: &Message) -> TokenStream {
    let serde = quote!(#k::serde);
    let path = text(&serde);
    let derives = derives.iter().filter(|_| !apart).map(|name| format_ident!("{name}"));
    let derives = derives.map(|name| quote!(#serde::#name)).chain(whole.then(|| quote!(#k::Travels)));
    let told = format_ident!("{TOLD}");
    let (face, json) = (k.face(), json.then(|| quote!(, codec = "json")));
    let apart = apart.then(|| quote!(, apart));
    let event = event.as_ref().map(|EventName { ident, name, cfgs }| {
        quote! {
            #(#cfgs)*
            impl #k::Event for #ident {
                const NAME: &'static str = #name;
            }

            #(#cfgs)*
            #k::inventory::submit! {
                #k::EventKind::of::<#ident>(::core::concat!(::core::file!(), ":", ::core::line!()))
            }
        }
    });
    let told = whole.then(|| quote!(#[#told(crate = #face #json #apart)]));
    quote! {
        #[derive(#(#derives),*)]
        #[serde(crate = #path)]
        #told
        #item
        #event
    }
}
