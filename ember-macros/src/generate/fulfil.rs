//! `#[rpc] impl Contract for Unit`: the user's methods as ordinary ones, and an implementation that calls them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, ImplItemFn, parse_quote, spanned::Spanned};

use crate::{
    generate::parts::{Lent, arguments, method},
    model::{Fulfilment, Runtime, Shape, Written, respanned},
    text::text,
};

pub(crate) fn fulfilment(it: &Fulfilment) -> TokenStream {
    let Fulfilment { runtime: k, cfgs, attrs, contract, unit, functions, shapes } = it;
    let contract_name = text(contract);
    let methods = functions.iter().map(|function| inherent(function, &contract_name));
    let functions = shapes.iter().map(|(shape, cfgs)| function(k, shape, cfgs));
    let implementation = quote_spanned!(contract.span()=> impl #contract for #unit { #(#functions)* const RPC_ATTRIBUTE_ON_THE_IMPL: () = (); });
    let (said, keyed) = (said(it), keyed(it));
    quote! {
        #(#attrs)*
        #[allow(private_interfaces, unreachable_pub, reason = "the contract says who sees what")]
        impl #unit {
            #(#methods)*
        }

        #(#cfgs)*
        #[allow(clippy::too_many_arguments, deprecated, refining_impl_trait, reason = "generated")]
        #implementation

        #(#cfgs)*
        #said

        #(#cfgs)*
        #keyed
    }
}

/// The type that stands for the contract. Asked of what is a unit, so that one that is none is no error here.
fn asked(Fulfilment { runtime: k, contract, unit, .. }: &Fulfilment) -> TokenStream {
    let at = k.at(unit.span());
    let this = quote_spanned!(unit.span()=> <#unit as #at::Unit>::This);
    quote_spanned!(contract.span()=> <#this as #contract>::RPC_ATTRIBUTE_ON_THE_TRAIT)
}

/// Each call of a sharded service has a key.
fn keyed(it: &Fulfilment) -> TokenStream {
    let Fulfilment { runtime: k, contract, unit, .. } = it;
    let (at, asked) = (k.at(contract.span()), asked(it));
    quote_spanned! {contract.span()=>
        const _: () = {
            #[allow(unused_imports, reason = "only where it is a module")]
            use #at::NotSharded as _;
            if #at::Sharding::<#unit>::SHARDS != 0 {
                if let ::core::option::Option::Some(why) = #asked.why_not_sharded() {
                    ::core::panic!("{}", why)
                }
            }
        };
    }
}

/// Without `implements(…)` nothing would enter the contract's methods into the table, and nobody could call them.
fn said(it: &Fulfilment) -> TokenStream {
    let Fulfilment { runtime: k, contract, unit, .. } = it;
    let (contract_name, unit_name) = (text(contract), text(unit));
    let asked = asked(it);
    let at = k.at(unit.span());
    let said = quote_spanned!(unit.span()=> <<#unit as #at::Unit>::This as #at::Unit>::CONTRACTS);
    let says = respanned(quote!(#k::says), contract.span());
    let message = format!(
        "`{unit_name}` does not say that it fulfils `{contract_name}`: write `#[service(implements({contract_name}))]` on the struct \
         (a module fulfils none)"
    );
    quote_spanned! {contract.span()=>
        const _: () = ::core::assert!(#says(#said, #asked.name()), #message);
    }
}

/// The user's method.
fn inherent(Written { function, documented }: &Written, contract: &str) -> ImplItemFn {
    let mut function = function.clone();
    if !documented {
        let doc = format!("See the contract `{contract}`.");
        function.attrs.push(parse_quote!(#[doc = #doc]));
    }
    function.vis = parse_quote!(pub);
    function
}

/// The trait's function.
fn function(k: &Runtime, shape: &Shape, cfgs: &[Attribute]) -> TokenStream {
    let ident = &shape.ident;
    let Lent { this, cx, cx_pattern } = Lent::new(shape);
    let (names, types) = arguments(shape);
    let future = method::future(shape, &shape.output.whole().to_token_stream());
    let call = method::invoke(&this, &cx, shape);
    let body = if shape.is_async { call } else { quote!(async move { #call }) };
    let at = k.at(ident.span());
    let me = quote_spanned!(ident.span()=> <Self as #at::Unit>::This);
    let by_mut = method::by_mut(k, &this, shape);
    let function = quote_spanned! {ident.span()=>
        fn #ident((#at::Lent(#this), #cx_pattern): (#at::Lent<'_, #me>, &mut #at::Cx<'_, #me>), #(#names: #types),*) -> #future { #by_mut #body }
    };
    quote!(#(#cfgs)* #function)
}
