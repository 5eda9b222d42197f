//! Callable methods: the description that both sides share, and the adapter that calls the user's function.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Generics, Type, spanned::Spanned};

use super::local;
use crate::{
    model::{Method, Output, Reach, Runtime, Shape},
    text::text,
};

/// `impl Method`.
pub(super) fn description(k: &Runtime, contract: &str, method: &Method, marker: &TokenStream) -> TokenStream {
    let Method { cfgs, .. } = method;
    let types = method.shape.args.iter().map(|arg| &arg.ty);
    let (value, error) = results(k, &method.shape.output);
    let info = info(k, contract, method);
    let wire = match method.reach {
        Reach::Cluster => wire(k, &method.shape),
        Reach::Node => TokenStream::new(),
    };
    quote! {
        #(#cfgs)*
        impl #k::Method for #marker {
            type Args = (#(#types,)*);
            type Value = #value;
            type Error = #error;
            const INFO: #k::MethodInfo = #info;
            #wire
        }
    }
}

/// The types of the value and of the error.
fn results(k: &Runtime, output: &Output) -> (TokenStream, TokenStream) {
    match output.seen() {
        Output::Later { of, .. } => results(k, of),
        Output::Value(value) => (quote!(#value), quote!(#k::Infallible)),
        Output::Fallible { value, error, .. } => (quote!(#value), quote!(#error)),
        Output::Alias(whole) => {
            let at = k.at(whole.span());
            let value = quote_spanned!(whole.span()=> <#whole as #at::ResultType>::Value);
            let error = quote_spanned!(whole.span()=> <#whole as #at::ResultType>::Error);
            (value, error)
        }
    }
}

fn info(k: &Runtime, contract: &str, method: &Method) -> TokenStream {
    let Method { shape, name, reach, system, cancel, timeout, .. } = method;
    let args: Vec<String> = shape.args.iter().map(|arg| text(&arg.ty)).collect();
    let signature = format!("({}) -> {}", args.join(", "), text(shape.output.seen().whole()));
    let node_only = (*reach == Reach::Node).then(|| quote!(.node_only()));
    let system = system.then(|| quote!(.system()));
    let cancel = cancel.then(|| quote!(.cancel()));
    let timeout = timeout.map(|timeout| {
        let timeout = duration(timeout);
        quote!(.timeout(#timeout))
    });
    quote!(#k::MethodInfo::new(#contract, #name, #signature) #node_only #system #cancel #timeout)
}

pub(super) fn duration(duration: Duration) -> TokenStream {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    quote!(::core::time::Duration::from_nanos(#nanos))
}

/// `fn wire`. A constant per type, so that there is one error per type that cannot travel, at that type.
fn wire(k: &Runtime, shape: &Shape) -> TokenStream {
    let codec = |name: &Ident, ty: &TokenStream, at: &Type| {
        let here = k.at(at.span());
        quote_spanned!(at.span()=> const #name: #here::Codec<#ty> = #here::codec::<#ty>();)
    };
    let near = &shape.ident;
    let names: Vec<Ident> = (0..shape.args.len()).map(|index| local(&format!("ARG{index}"), near)).collect();
    let values: Vec<Ident> = (0..shape.args.len()).map(|index| local(&format!("arg{index}"), near)).collect();
    let args: TokenStream = std::iter::zip(&names, &shape.args)
        .map(|(name, arg)| {
            let ty = &arg.ty;
            codec(name, &quote!(#ty), ty)
        })
        .collect();
    let (value_type, error_type) = results(k, &shape.output);
    let (at_value, at_error) = match shape.output.seen() {
        Output::Fallible { value, error, .. } => (&**value, &**error),
        Output::Value(whole) | Output::Alias(whole) | Output::Later { whole, .. } => (whole, whole),
    };
    let value = codec(&local("VALUE", near), &value_type, at_value);
    let error = if shape.output.seen().is_fallible() {
        codec(&local("ERROR", near), &error_type, at_error)
    } else {
        let name = local("ERROR", near);
        quote!(const #name: #k::Codec<#k::Infallible> = #k::no_error();)
    };
    let (value_name, error_name) = (local("VALUE", near), local("ERROR", near));
    let (out, bytes) = (local("out", near), local("bytes", near));
    let (put, take) = if names.is_empty() {
        (
            quote!(|(), _| ::core::result::Result::Ok(())),
            quote!(|#bytes| #k::take_all(#bytes, |_| ::core::result::Result::Ok(()))),
        )
    } else {
        (
            quote!(|(#(#values,)*), #out| #k::put_all(#out, |#out| {
                #(#names.put(#values, #out)?;)*
                ::core::result::Result::Ok(())
            })),
            quote!(|#bytes| #k::take_all(#bytes, |#bytes| ::core::result::Result::Ok((#(#names.take(#bytes)?,)*)))),
        )
    };
    quote! {
        fn wire() -> ::core::option::Option<#k::Wire<Self>> {
            #args
            #value
            #error
            ::core::option::Option::Some(#k::Wire::new(#put, #take, #value_name, #error_name))
        }
    }
}

/// `impl HandledBy`: calls the user's function.
pub(super) fn handler(
    k: &Runtime,
    generics: &Generics,
    unit: &Type,
    method: &Method,
    marker: &TokenStream,
) -> TokenStream {
    let Method { cfgs, shape, .. } = method;
    let (params, _, bounds) = generics.split_for_impl();
    let (this, cx) = (local("unit", &shape.ident), local("cx", &shape.ident));
    let names = shape.args.iter().map(|arg| &arg.name);
    let cx_pattern = if shape.takes_cx { quote!(#cx) } else { quote!(_) };
    let call = invoke(&this, &cx, shape);
    let waits = shape.is_async.then(|| quote!(.await));
    let body = handled(k, shape, &quote!(#call #waits));
    let future = future(shape, &quote!(#k::Handled<Self::Value, Self::Error>));
    quote! {
        #(#cfgs)*
        impl #params #k::HandledBy<#unit> for #marker #bounds {
            fn handle(#this: &mut #unit, #cx_pattern: &mut #k::Cx<'_, #unit>, (#(#names,)*): Self::Args) -> #future {
                #body
            }
        }
    }
}

/// What a handler gives back, of what the user's function has returned.
pub(super) fn handled(k: &Runtime, shape: &Shape, returned: &TokenStream) -> TokenStream {
    let handled = match (&shape.output, shape.output.seen().is_fallible()) {
        (Output::Later { .. }, true) => quote!(#k::Handled::later_result(#returned)),
        (Output::Later { .. }, false) => quote!(#k::Handled::later(#returned)),
        (_, true) => quote!(#k::Handled::from(#returned)),
        (_, false) => quote!(#k::Handled::from(::core::result::Result::Ok(#returned))),
    };
    quote!(async move { #handled })
}

/// `unit.rpc_buy(cx, item, count)`.
pub(super) fn invoke(this: &Ident, cx: &Ident, shape: &Shape) -> TokenStream {
    let ident = &shape.ident;
    let cx = shape.takes_cx.then(|| quote!(#cx,));
    let names = shape.args.iter().map(|arg| &arg.name);
    quote!(#this.#ident(#cx #(#names),*))
}

/// `impl Future<Output = …> + Send`, at the name of the user's function: there the compiler complains of a future that is
/// not `Send`.
pub(super) fn future(shape: &Shape, output: &TokenStream) -> TokenStream {
    quote_spanned!(shape.ident.span()=> impl ::core::future::Future<Output = #output> + ::core::marker::Send)
}
