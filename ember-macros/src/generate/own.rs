//! A unit's own block.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Type, spanned::Spanned};

use super::{client, hidden, hook, marker, method};
use crate::model::{Event, Method, OwnBlock, Runtime};

pub(crate) fn own_block(block: &OwnBlock) -> TokenStream {
    let OwnBlock { runtime: k, item, cfgs, interface, client } = block;
    let unit = &*item.self_ty;
    let mut parts = TokenStream::new();
    parts.extend(interface.methods.iter().map(|it| callable(k, unit, it)));
    parts.extend(interface.hooks.iter().map(|it| hook::hook(k, unit, it)));
    parts.extend(interface.events.iter().map(|it| hook::event(k, unit, it)));
    let methods = interface.methods.iter().map(|it| (it, bound(unit, it)));
    parts.extend(client.as_ref().map(|client| client::methods(k, &quote!(#client), methods)));
    parts.extend(table(block));
    let hidden = hidden(cfgs, &parts);
    quote!(#item #hidden)
}

fn callable(k: &Runtime, unit: &Type, it: &Method) -> TokenStream {
    let Method { cfgs, .. } = it;
    let marker: Ident = marker(it.ident());
    let bound = bound(unit, it);
    let description = method::description(k, "", it, &bound);
    let handler = method::handler(k, unit, it, &bound);
    quote! {
        #(#cfgs)*
        pub struct #marker<U>(::core::marker::PhantomData<fn() -> U>);
        #description
        #handler
    }
}

/// The marker of a method, with the unit as its parameter: so it is as visible as the unit, and the types of its arguments
/// need not be more visible than that.
fn bound(unit: &Type, it: &Method) -> TokenStream {
    let marker = marker(it.ident());
    quote!(#marker<#unit>)
}

/// Where the unit finds what the block holds. A second block is an error at its type.
fn table(OwnBlock { runtime: k, item, interface, .. }: &OwnBlock) -> TokenStream {
    let unit = &item.self_ty;
    let methods = interface.methods.iter().map(|it| {
        let (cfgs, marker) = (&it.cfgs, bound(unit, it));
        quote!(#(#cfgs)* table.method::<L, #marker>();)
    });
    let hooks = interface.hooks.iter().map(|it| hook::enter_hook(k, it));
    let events = interface.events.iter().map(|it| {
        let (Event { cfgs, .. }, marker) = (it, marker(it.ident()));
        quote!(#(#cfgs)* table.event::<L, #marker>();)
    });
    let at = k.at(unit.span());
    let head = quote_spanned!(unit.span()=> impl #at::OnlyOneRpcBlockPerType for #unit);
    quote! {
        #head {
            fn describe_block<S: #k::Service, L: #k::Path<S, Unit = Self>>(table: &mut #k::Table<S>) {
                let _ = &table;
                #(#methods)*
                #(#hooks)*
                #(#events)*
            }
        }
    }
}
