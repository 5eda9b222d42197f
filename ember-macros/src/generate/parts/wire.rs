//! How a method's arguments and results become bytes: a coding per type, so that there is one error per type that cannot
//! travel, at that type.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Type, ext::IdentExt, spanned::Spanned};

use super::{
    names::{local, part},
    results::results,
};
use crate::{
    model::{Codec, Key, Method, Output, Runtime},
    text::text,
};

/// `fn wire`.
pub(crate) fn wire(k: &Runtime, method: &Method) -> TokenStream {
    let Method { shape, codec, .. } = method;
    let near = &shape.ident;
    let coding = |name: &Ident, ty: &TokenStream, at: &Type| coding(k, codec, name, ty, at);
    let names: Vec<Ident> = (0..shape.args.len()).map(|index| local(&format!("arg{index}"), near)).collect();
    let values: Vec<Ident> = (0..shape.args.len()).map(|index| local(&format!("value{index}"), near)).collect();
    let args: TokenStream = std::iter::zip(&names, &shape.args)
        .map(|(name, arg)| coding(name, &arg.ty.to_token_stream(), &arg.ty))
        .collect();
    let (value_type, error_type) = results(k, &shape.output);
    let (at_value, at_error) = match shape.output.seen() {
        Output::Fallible { value, error, .. } => (&**value, &**error),
        Output::Value(whole) | Output::Alias(whole) | Output::Later { whole, .. } => (whole, whole),
    };
    let (value, error, signature) = (local("value", near), local("error", near), local("signature", near));
    let (value_coding, stream) = match &shape.items {
        None => (coding(&value, &value_type, at_value), None),
        Some(item) => streaming(k, &value, (&value_type, item), coding),
    };
    let (error_coding, error_shape) = if shape.output.seen().is_fallible() {
        let shape = quote!(::core::option::Option::Some(|types| #error().shape(types)));
        (coding(&error, &error_type, at_error), shape)
    } else {
        let coding = quote! {
            fn #error() -> #k::Coding<#k::Infallible> {
                #k::no_error()
            }
        };
        (coding, quote!(::core::option::Option::None))
    };
    let (put, take) = arguments(k, &names, &values, near);
    let made = format_ident!("{}", if method.key.is_some() { "keyed" } else { "new" });
    let keyed = method.key.as_ref().map(|key| keyed(k, key, method));
    let called = shape.args.iter().map(|arg| arg.name.unraw().to_string());
    quote! {
        fn wire() -> ::core::option::Option<#k::WireOf<Self>> {
            #args
            #value_coding
            #error_coding
            fn #signature() -> &'static #k::Signature {
                static SIGNATURE: #k::OnceLock<#k::Signature> = #k::OnceLock::new();
                #k::Signature::lazily(&SIGNATURE, || #k::Signature::#made(
                    &[#((#called, |types| #names().shape(types))),*],
                    |types| #value().shape(types),
                    #error_shape,
                    #keyed
                ))
            }
            ::core::option::Option::Some(#k::Wire::new(#put, #take, #value(), #error(), #signature)#stream)
        }
    }
}

/// What the signature says of the key: which it is, and its structure.
fn keyed(k: &Runtime, key: &Key, method: &Method) -> TokenStream {
    let path = &key.path;
    let types = method.shape.args.iter().map(|arg| &arg.ty);
    let (args, part) = part(key);
    let (at, got) = (k.at(key.span), local("probe", method.ident()));
    let probe = quote_spanned!(key.span=> #at::Probe::of(|#args: &(#(#types,)*)| &#part));
    quote! {
        (#path, |types| {
            use #k::shape::*;
            let #got = #probe;
            (&&#got).shape(types)
        })
    }
}

/// `fn value() -> Coding<Streaming<Line>>`, with the coding of the items, and what is said of the stream.
fn streaming(
    k: &Runtime,
    value: &Ident,
    (whole, item): (&TokenStream, &Type),
    coding: impl Fn(&Ident, &TokenStream, &Type) -> TokenStream,
) -> (TokenStream, Option<TokenStream>) {
    let name = local("item", value);
    let items = coding(&name, &item.to_token_stream(), item);
    let codings = quote! {
        #items
        fn #value() -> #k::Coding<#whole> {
            #k::stream_coding(|types| #k::stream_shape(#name().shape(types)))
        }
    };
    let stream = quote! {
        .streaming(#k::StreamOf::new(|stream| stream.lend(#name()), |stream, at| stream.adopt(#name(), at)))
    };
    (codings, Some(stream))
}

/// `fn arg0() -> Coding<SumReq>`.
fn coding(k: &Runtime, codec: &Codec, name: &Ident, ty: &TokenStream, at: &Type) -> TokenStream {
    let here = k.at(at.span());
    let own = match codec {
        Codec::ByType => None,
        Codec::Json => Some(quote_spanned!(at.span()=> #here::Json)),
        Codec::Own(path) => Some(path.to_token_stream()),
    };
    match own {
        None => {
            let body = quote_spanned!(at.span()=> (&&&#here::Probe::<#ty>::NEW).pick().coding());
            let message = format!("`{}` travels as JSON only: put `#[rpc(codec = \"json\")]` on the method", text(at));
            let check = quote_spanned! {at.span()=>
                const _: () = ::core::assert!(!#here::Probe::<#ty>::JSON_ONLY, #message);
            };
            quote! {
                fn #name() -> #k::Coding<#ty> {
                    use #k::{AnyCodec as _, pick::*};
                    #check
                    #body
                }
            }
        }
        Some(own) => {
            let by = quote_spanned!(at.span()=> #here::coding_by::<#own, #ty>);
            quote! {
                fn #name() -> #k::Coding<#ty> {
                    use #k::shape::*;
                    #by(|types| {
                        #k::shape_by::<#own, #ty>(types, |types| (&&#k::Probe::<#ty>::NEW).shape(types))
                    })
                }
            }
        }
    }
}

/// Writing and reading the tuple of the arguments.
fn arguments(k: &Runtime, names: &[Ident], values: &[Ident], near: &Ident) -> (TokenStream, TokenStream) {
    let (out, bytes, args) = (local("out", near), local("bytes", near), local("args", near));
    if names.is_empty() {
        return (quote!(|(), _| ::core::result::Result::Ok(())), quote!(#k::at_end));
    }
    (
        quote!(|(#(#values,)*), #out| #k::put_all(#out, &mut |#out| {
            #(#names().put(#values, #out)?;)*
            ::core::result::Result::Ok(())
        })),
        quote!(|mut #bytes| {
            let #args = (#(#names().take(&mut #bytes)?,)*);
            #k::at_end(#bytes)?;
            ::core::result::Result::Ok(#args)
        }),
    )
}
