//! A unit's own block.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Generics, Type, ext::IdentExt, spanned::Spanned};

use super::client;
use crate::{
    generate::parts::{hidden, hook, marker, method, signed},
    model::{Event, EventOf, Method, OwnBlock, Runtime, Takes},
};

pub(crate) fn own_block(block: &OwnBlock) -> TokenStream {
    let OwnBlock { runtime: k, item, cfgs, interface, client } = block;
    let unit = &*item.self_ty;
    let mut parts = TokenStream::new();
    let generics = &item.generics;
    parts.extend(interface.methods.iter().map(|it| callable(k, generics, unit, it)));
    parts.extend(interface.hooks.iter().map(|it| hook::hook(k, generics, unit, it)));
    parts.extend(interface.events.iter().map(|it| hook::event(k, generics, unit, it)));
    let methods = interface.methods.iter().map(|it| (it, signed(&marker(it.ident()), &it.shape)));
    parts.extend(client.as_ref().map(|client| client::methods(k, &quote!(#client), methods)));
    parts.extend(table(block));
    if generics.params.is_empty() {
        let unkeyed = interface.methods.iter().filter(|it| it.key.is_none() && it.cfgs.is_empty());
        parts.extend(unkeyed.map(|it| only_unsharded(k, unit, it)));
    }
    let hidden = hidden(cfgs, &parts);
    quote!(#item #hidden)
}

fn callable(k: &Runtime, generics: &Generics, unit: &Type, it: &Method) -> TokenStream {
    let Method { cfgs, .. } = it;
    let marker = marker(it.ident());
    let signed = signed(&marker, &it.shape);
    let description = method::description(k, "", it, &signed);
    let handler = method::handler(k, generics, unit, it, &signed);
    quote! {
        #(#cfgs)*
        pub struct #marker<T>(::core::marker::PhantomData<T>);
        #description
        #handler
    }
}

/// A method without a key, which a sharded service cannot have.
fn only_unsharded(k: &Runtime, unit: &Type, it: &Method) -> TokenStream {
    let ident = it.ident();
    let at = k.at(ident.span());
    let message = format!(
        "`{}` names no key, and the service is sharded: a call finds its shard by its key; put `#[rpc(key = \"…\")]` on the method, or \
         leave `sharded` out",
        ident.unraw()
    );
    let check = quote_spanned!(ident.span()=> ::core::assert!(#at::Sharding::<#unit>::SHARDS == 0, #message););
    quote! {
        const _: () = {
            use #k::NotSharded as _;
            #check
        };
    }
}

/// Where the unit finds what the block holds. A second block is an error at its type.
fn table(OwnBlock { runtime: k, item, interface, .. }: &OwnBlock) -> TokenStream {
    let unit = &item.self_ty;
    let methods = interface.methods.iter().map(|it| method::enter(&it.cfgs, &signed(&marker(it.ident()), &it.shape)));
    let hooks = interface.hooks.iter().map(|it| hook::enter_hook(k, it));
    let events = interface.events.iter().map(|it| {
        let (Event { cfgs, of, .. }, marker) = (it, marker(it.ident()));
        let enter = match of {
            EventOf::Type(_, Takes { scope: None, retain: false }) => quote!(event::<__L, #marker>()),
            EventOf::Type(_, Takes { scope, retain }) => {
                let scope = scope.map(|kind| format_ident!("{kind}")).map_or_else(
                    || quote!(::core::option::Option::None),
                    |kind| quote!(::core::option::Option::Some(#k::ScopeKind::#kind)),
                );
                quote!(event_of::<__L, #marker>(#k::Takes { scope: #scope, retain: #retain }))
            }
            EventOf::Missed(None) => quote!(missed::<__L, #marker>()),
            EventOf::Down(None) => quote!(down::<__L, #marker>()),
            // What they take may be something else.
            EventOf::Missed(Some(ty)) => quote_spanned!(ty.span()=> missed::<__L, #marker>()),
            EventOf::Down(Some(ty)) => quote_spanned!(ty.span()=> down::<__L, #marker>()),
            EventOf::Entry(ty) => quote_spanned!(ty.span()=> entry::<__L, #marker>()),
            EventOf::Gap(ty) => quote_spanned!(ty.span()=> gap::<__L, #marker>()),
            EventOf::Tick(period, missed, _) => {
                let (period, missed) = (method::duration(*period), hook::missed(k, *missed));
                quote!(tick::<__L, #marker>(#period, #missed))
            }
            EventOf::Role(role, _) => {
                let role = format_ident!("{role}");
                quote!(role::<__L, #marker>(#k::Role::#role))
            }
        };
        // What stays on its node has no scope.
        let asked = match of {
            EventOf::Type(ty, Takes { scope, retain }) if scope.is_some() || *retain => {
                let at = k.at(ty.span());
                Some(quote_spanned!(ty.span()=> #(#cfgs)* #at::only_event::<#ty>();))
            }
            _ => None,
        };
        quote!(#(#cfgs)* table.#enter; #asked)
    });
    let at = k.at(unit.span());
    let (params, _, bounds) = item.generics.split_for_impl();
    let describe = quote! {
        fn describe_block<__S: #k::Service, __L: #k::Path<__S, Unit = Self>>(table: &mut #k::Table<__S>) {
            let _ = &table;
            #(#methods)*
            #(#hooks)*
            #(#events)*
        }
    };
    quote_spanned! {unit.span()=>
        impl #params #at::OnlyOneRpcBlockPerType for #unit #bounds {
            #describe
        }
    }
}
