//! Callable methods: the description that both sides share, and the adapter that calls the user's function.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, Generics, Type, spanned::Spanned};

use super::{
    names::{Lent, arguments, part},
    results::results,
    wire,
};
use crate::{
    model::{Key, Method, Output, Reach, Runtime, Shape, Told},
    text::text,
};

/// `impl Method`.
pub(crate) fn description(k: &Runtime, contract: &str, method: &Method, marker: &TokenStream) -> TokenStream {
    let Method { cfgs, .. } = method;
    let types = method.shape.args.iter().map(|arg| &arg.ty);
    let (value, error) = results(k, &method.shape.output);
    let info = info(k, contract, method);
    let wire = match method.reach {
        Reach::Cluster => wire::wire(k, method),
        Reach::Node => TokenStream::new(),
    };
    let idempotent = method.is_idempotent().then(|| quote!(#(#cfgs)* impl #k::Idempotent for #marker {}));
    let deduped = method.is_deduped().then(|| quote!(#(#cfgs)* impl #k::Deduped for #marker {}));
    let key = key(k, method);
    let unkeyed = method.key.is_none().then(|| quote!(#(#cfgs)* impl #k::Unkeyed for #marker {}));
    let reads = method.is_read().then(|| quote!(#(#cfgs)* impl #k::Reads for #marker {}));
    quote! {
        #(#cfgs)*
        impl #k::Method for #marker {
            type Args = (#(#types,)*);
            type Value = #value;
            type Error = #error;
            const INFO: #k::MethodInfo = #info;
            #key
            #wire
        }

        #unkeyed
        #idempotent
        #deduped
        #reads
    }
}

fn info(k: &Runtime, contract: &str, method: &Method) -> TokenStream {
    let Method { shape, name, reach, told, .. } = method;
    let args: Vec<String> = shape.args.iter().map(|arg| text(&arg.ty)).collect();
    let signature = format!("({}) -> {}", args.join(", "), text(shape.output.seen().whole()));
    let node_only = (*reach == Reach::Node).then(|| quote!(.node_only()));
    let told = told.iter().map(|Told { function, duration: given }| {
        let (function, given) = (format_ident!("{function}"), given.map(duration));
        quote!(.#function(#given))
    });
    let key = method.key.as_ref().map(|Key { path, .. }| quote!(.key(#path)));
    quote! {
        #k::MethodInfo::new(#contract, #name, #signature)
            .version(::core::env!("CARGO_PKG_VERSION"))
            #node_only #(#told)* #key
    }
}

/// `fn key`.
fn key(k: &Runtime, method: &Method) -> Option<TokenStream> {
    let key = method.key.as_ref()?;
    let (args, part) = part(key);
    let at = k.at(key.span);
    let hashed = quote_spanned!(key.span=> #at::key_hash(&#part));
    Some(quote! {
        fn key(#args: &Self::Args) -> #k::Result<#k::Option<u64>, #k::CodecError> {
            #hashed.map(#k::Option::Some)
        }
    })
}

pub(crate) fn duration(duration: Duration) -> TokenStream {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    quote!(::core::time::Duration::from_nanos(#nanos))
}

/// `impl HandledBy`: calls the user's function.
pub(crate) fn handler(
    k: &Runtime,
    generics: &Generics,
    unit: &Type,
    method: &Method,
    marker: &TokenStream,
) -> TokenStream {
    let Method { cfgs, shape, .. } = method;
    let (params, _, bounds) = generics.split_for_impl();
    let Lent { this, cx, cx_pattern } = Lent::new(shape);
    let (names, _) = arguments(shape);
    let call = invoke(&this, &cx, shape);
    let body = if shape.is_async { answered(k, shape, &call) } else { handled(k, shape, &call) };
    let future = future(shape, &quote!(#k::Handled<Self::Value, Self::Error>));
    let (context, loan, by_mut) = (context(k, unit), loan(k, unit), by_mut(k, &this, shape));
    quote! {
        #(#cfgs)*
        impl #params #k::HandledBy<#unit> for #marker #bounds {
            fn handle(#this: #loan, #cx_pattern: &mut #context, (#(#names,)*): Self::Args) -> #future {
                #by_mut
                #body
            }
        }
    }
}

/// `Cx<'_, Unit>`, as if it were written where the unit is: there it is said that it is none.
pub(crate) fn context(k: &Runtime, unit: &Type) -> TokenStream {
    let at = k.at(unit.span());
    quote_spanned!(unit.span()=> #at::Cx<'_, #unit>)
}

/// What a handler of the unit is given of it.
pub(crate) fn loan(k: &Runtime, unit: &Type) -> TokenStream {
    let at = k.at(unit.span());
    quote_spanned!(unit.span()=> #at::Loan<'_, #unit>)
}

/// All of the unit, for a hook.
pub(crate) fn whole(k: &Runtime, unit: &Type) -> TokenStream {
    let at = k.at(unit.span());
    quote_spanned!(unit.span()=> #at::Whole<'_, #unit>)
}

/// Says that a handler takes `&mut self` of what it is lent, where it does: a concurrent unit refuses it there.
pub(crate) fn by_mut(k: &Runtime, this: &Ident, shape: &Shape) -> Option<TokenStream> {
    let span = shape.by_mut?;
    let at = k.at(span);
    let by_mut = quote_spanned!(span=> #at::by_mut());
    Some(quote!(#by_mut(&#this);))
}

/// `table.method::<L, Marker>();`
pub(crate) fn enter(cfgs: &[Attribute], marker: &TokenStream) -> TokenStream {
    quote!(#(#cfgs)* table.method::<__L, #marker>();)
}

/// What a handler gives back, once the future of the user's function is ready. A future that is not `Send` is named as the
/// user's function.
fn answered(k: &Runtime, shape: &Shape, call: &TokenStream) -> TokenStream {
    let handled = match (&shape.output, shape.output.seen().is_fallible()) {
        (Output::Later { .. }, true) => quote!(#k::Handled::later_result),
        (Output::Later { .. }, false) => quote!(#k::Handled::later),
        (_, true) => quote!(#k::Handled::from),
        (_, false) => quote!(#k::Handled::done),
    };
    let at = k.at(shape.ident.span());
    quote_spanned!(shape.ident.span()=> #at::answered(#call, #handled))
}

/// What a handler gives back, of what a function that fulfils a contract has returned: what the contract says, or that later.
pub(crate) fn returned(k: &Runtime, shape: &Shape, returned: &TokenStream) -> TokenStream {
    let handled = if shape.output.seen().is_fallible() { quote!(returned_result) } else { quote!(returned) };
    quote!(async move { #k::Handled::#handled(#returned) })
}

/// What a handler gives back, of what the user's function has returned.
fn handled(k: &Runtime, shape: &Shape, returned: &TokenStream) -> TokenStream {
    let handled = match (&shape.output, shape.output.seen().is_fallible()) {
        (Output::Later { .. }, true) => quote!(#k::Handled::later_result(#returned)),
        (Output::Later { .. }, false) => quote!(#k::Handled::later(#returned)),
        (_, true) => quote!(#k::Handled::from(#returned)),
        (_, false) => quote!(#k::Handled::from(::core::result::Result::Ok(#returned))),
    };
    quote!(async move { #handled })
}

/// `unit.rpc_buy(cx, item, count)`.
pub(crate) fn invoke(this: &Ident, cx: &Ident, shape: &Shape) -> TokenStream {
    let ident = &shape.ident;
    let cx = shape.takes_cx.then(|| quote!(#cx,));
    let names = shape.args.iter().map(|arg| &arg.name);
    quote!(#this.#ident(#cx #(#names),*))
}

/// `impl Future<Output = …> + Send`, at the name of the user's function: there the compiler complains of a future that is
/// not `Send`.
pub(crate) fn future(shape: &Shape, output: &TokenStream) -> TokenStream {
    future_of(shape, &quote!(= #output))
}

/// `impl Future<Output: …> + Send`.
pub(crate) fn future_of(shape: &Shape, output: &TokenStream) -> TokenStream {
    quote_spanned!(shape.ident.span()=> impl ::core::future::Future<Output #output> + ::core::marker::Send)
}
