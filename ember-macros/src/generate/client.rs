//! Clients: the struct, and how it is made from a handle.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, Visibility};

use super::parts::arguments;
use crate::model::{Method, Reach, Runtime};

/// The struct of a client.
pub(super) fn declaration(k: &Runtime, cfgs: &[Attribute], vis: &Visibility, client: &Ident, doc: &str) -> TokenStream {
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #client<K: #k::Kind = #k::One>(#k::Handle<K>);
    }
}

/// What every client has.
pub(super) fn from_handle(k: &Runtime, client: &Ident) -> TokenStream {
    quote! {
        impl<K: #k::Kind> ::core::convert::From<#k::Handle<K>> for #client<K> {
            fn from(handle: #k::Handle<K>) -> Self {
                Self(handle)
            }
        }

        impl<K: #k::Kind> #client<K> {
            #[doc(hidden)]
            pub fn __handle(&self) -> &#k::Handle<K> {
                &self.0
            }

            /// Where its calls go, as data that can be sent to other nodes.
            pub fn address(&self) -> #k::Address<#client> {
                #k::Address::of(&self.0)
            }
        }
    }
}

/// What a client has that can be asked for by itself.
pub(super) fn entry(k: &Runtime, client: &Ident, interest: &TokenStream) -> TokenStream {
    quote! {
        impl<K: #k::Kind> #k::Client for #client<K> {
            type Kind = K;
            type As<L: #k::Kind> = #client<L>;

            fn interest() -> #k::Interest {
                #interest
            }

            fn from_handle(handle: #k::Handle<K>) -> Self {
                Self(handle)
            }

            fn handle(&self) -> &#k::Handle<K> {
                &self.0
            }
        }
    }
}

/// The methods of a client.
pub(super) fn methods<'a>(
    k: &Runtime,
    client: &TokenStream,
    methods: impl Iterator<Item = (&'a Method, TokenStream)>,
) -> TokenStream {
    let calls: TokenStream = methods.map(|(method, marker)| call(k, method, &marker)).collect();
    if calls.is_empty() { calls } else { quote!(impl<__K: #k::Kind> #client<__K> { #calls }) }
}

fn call(k: &Runtime, method: &Method, marker: &TokenStream) -> TokenStream {
    let Method { carried, vis, reach, .. } = method;
    // All clients have the methods of their node, so that the compiler can say why one cannot call them.
    let near = (*reach == Reach::Node).then(|| quote!(where __K: #k::OnThisNode));
    let ident = method.ident();
    let (names, types) = arguments(&method.shape);
    quote! {
        #(#carried)*
        #vis fn #ident(&self, #(#names: #types),*) -> __K::Call<#marker> #near {
            Self::__handle(self).call((#(#names,)*))
        }
    }
}
