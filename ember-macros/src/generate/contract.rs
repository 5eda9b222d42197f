//! Contracts: the trait that services implement, the client, and one type per method.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, Token, TypeParamBound, ext::IdentExt, parse_quote, punctuated::Punctuated, spanned::Spanned};

use super::client;
use crate::{
    generate::parts::{arguments, hidden, local, method, signed},
    model::{Contract, Method, client_of},
};

pub(crate) fn contract(contract: &Contract) -> TokenStream {
    let Contract { runtime: k, item, cfgs, interface, .. } = contract;
    let (ident, vis) = (&item.ident, &item.vis);
    let client = client_of(ident);
    let name = &interface.name;
    let declaration =
        client::declaration(k, cfgs, vis, &client, &format!("Calls services that implement [`{ident}`]."));
    let the_trait = the_trait(contract);
    let markers = interface.methods.iter().map(|it| {
        let (own_cfgs, marker) = (&it.cfgs, marker(ident, it.ident()));
        quote! {
            #(#cfgs)*
            #(#own_cfgs)*
            #[doc(hidden)]
            #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub, reason = "generated")]
            #vis struct #marker<T>(::core::marker::PhantomData<T>);
        }
    });
    let mut parts = client::from_handle(k, &client);
    parts.extend(client::entry(k, &client, &quote!(#k::Interest::Contract(::core::convert::Into::into(#name)))));
    parts.extend(interface.methods.iter().map(|it| callable(contract, it)));
    let methods = interface.methods.iter().map(|it| (it, signed(&marker(ident, it.ident()), &it.shape)));
    parts.extend(client::methods(k, &quote!(#client), methods));
    parts.extend(entry(contract));
    let hidden = hidden(cfgs, &parts);
    quote!(#the_trait #declaration #(#markers)* #hidden)
}

/// The type that stands for a method. It has a name beside the trait, since the trait's own code names it.
fn marker(contract: &Ident, method: &Ident) -> Ident {
    format_ident!("__{}_{}", contract.unraw(), method.unraw(), span = method.span())
}

/// The type that stands for the contract: a service asks it for the name, and to enter the methods. It is reached by one constant of the
/// trait, so that a trait that is no contract is one error.
fn itself(contract: &Ident) -> Ident {
    format_ident!("__{}", contract.unraw(), span = contract.span())
}

fn entry(Contract { runtime: k, item, interface, .. }: &Contract) -> TokenStream {
    let (ident, name, itself) = (&item.ident, &interface.name, itself(&item.ident));
    let unkeyed = unkeyed(ident, &interface.methods);
    let markers =
        interface.methods.iter().map(|it| method::enter(&it.cfgs, &signed(&marker(ident, it.ident()), &it.shape)));
    quote! {
        impl #itself {
            #[doc(hidden)]
            pub const fn name(self) -> &'static str {
                #name
            }

            #[doc(hidden)]
            pub const fn why_not_sharded(self) -> ::core::option::Option<&'static str> {
                #unkeyed
            }

            #[doc(hidden)]
            pub fn enter<__U: #ident, __S: #k::Service, __L: #k::Path<__S, Unit = __U>>(self, table: &mut #k::Table<__S>) {
                table.contract(#name);
                #(#markers)*
            }
        }
    }
}

/// Why a sharded service cannot fulfil it: the first method without a key.
fn unkeyed(contract: &Ident, methods: &[Method]) -> TokenStream {
    let Some(it) = methods.iter().find(|it| it.key.is_none() && it.cfgs.is_empty()) else {
        return quote!(::core::option::Option::None);
    };
    let why = format!(
        "`{}` of the contract `{contract}` names no key, and the service is sharded: a call finds its shard by its key; put \
         `#[rpc(key = \"…\")]` on the method, or leave `sharded` out",
        it.ident().unraw()
    );
    quote!(::core::option::Option::Some(#why))
}

/// The trait, as services implement it.
fn the_trait(contract: &Contract) -> TokenStream {
    let Contract { runtime: k, item, cfgs, interface, method_attrs } = contract;
    let mut supertraits: Punctuated<TypeParamBound, Token![+]> = item.supertraits.clone();
    supertraits.push(parse_quote!(#k::Unit));
    let functions = std::iter::zip(&interface.methods, method_attrs).map(|(it, attrs)| function(contract, it, attrs));
    let (attrs, vis, ident) = (&item.attrs, &item.vis, &item.ident);
    let itself = itself(ident);
    // What the compiler misses, by this name, where an `impl` lacks the attribute.
    let forgotten =
        quote_spanned!(ident.span()=> #[doc(hidden)] #[allow(dead_code)] const RPC_ATTRIBUTE_ON_THE_IMPL: (););
    let message = format!("`{{Self}}` does not fulfil the contract `{ident}`");
    let label = format!("this needs an `#[rpc] impl {ident} for {{Self}}`");
    quote! {
        #(#attrs)*
        #[diagnostic::on_unimplemented(message = #message, label = #label)]
        #vis trait #ident: #supertraits {
            #(#functions)*

            #forgotten

            #[doc(hidden)]
            const RPC_ATTRIBUTE_ON_THE_TRAIT: #itself = #itself;
        }

        #(#cfgs)*
        #[doc(hidden)]
        #[allow(missing_debug_implementations, non_camel_case_types, unreachable_pub, reason = "generated")]
        #vis struct #itself;
    }
}

/// One function of the trait.
fn function(Contract { runtime: k, .. }: &Contract, it: &Method, attrs: &[Attribute]) -> TokenStream {
    let ident = it.ident();
    let lent = local("lent", ident);
    let (names, types) = arguments(&it.shape);
    let at = k.at(ident.span());
    // Whether it is said now or later, the `impl` decides.
    let said = it.shape.output.seen().whole();
    let at_said = k.at(said.span());
    let future = method::future_of(&it.shape, &quote_spanned!(said.span()=> : #at_said::Returned<#said>));
    // One parameter for what the server adds, so that the compiler counts as the user does where the numbers differ.
    let head = quote_spanned! {ident.span()=>
        fn #ident(#lent: (#at::Lent<'_, Self>, &mut #at::Cx<'_, Self>), #(#names: #types),*)
    };
    quote! {
        #(#attrs)*
        #[allow(clippy::too_many_arguments, reason = "generated")]
        #head -> #future;
    }
}

/// `impl Method` and `impl HandledBy` for whatever implements the contract.
fn callable(contract: &Contract, it: &Method) -> TokenStream {
    let Contract { runtime: k, item, interface, .. } = contract;
    let (trait_name, cfgs, ident) = (&item.ident, &it.cfgs, it.ident());
    let marker = signed(&marker(trait_name, ident), &it.shape);
    let description = method::description(k, &interface.name, it, &marker);
    let (this, cx) = (local("unit", ident), local("cx", ident));
    let (names, _) = arguments(&it.shape);
    let call = quote!(__U::#ident((#k::Lent(#this), #cx), #(#names),*));
    let body = method::returned(k, &it.shape, &quote!(#call.await));
    let future = method::future(&it.shape, &quote!(#k::Handled<Self::Value, Self::Error>));
    quote! {
        #description

        #(#cfgs)*
        impl<__U: #trait_name> #k::HandledBy<__U> for #marker {
            fn handle(#this: #k::Loan<'_, __U>, #cx: &mut #k::Cx<'_, __U>, (#(#names,)*): Self::Args) -> #future {
                #body
            }
        }
    }
}
