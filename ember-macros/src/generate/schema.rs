//! `impl Schema`: the structure of a type that travels.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Type, ext::IdentExt, spanned::Spanned};

use crate::{
    generate::{
        copied::copied,
        ordered::ordered,
        parts::{bounded, hidden},
    },
    model::{Body, Field, Fields, Runtime, Travels, Variant},
    text::text,
};

pub(crate) fn travels(item: &Travels) -> TokenStream {
    let copied = item.apart.as_ref().map(|copy| copied(item, copy));
    let Travels { runtime: k, ident, generics, options, docs, body, .. } = item;
    let name = ident.unraw().to_string();
    let body = match body {
        Body::StandIn(ty) => quote!(#k::schema::Body::StandIn((&&#k::Probe::<#ty>::NEW).shape(types))),
        Body::Struct(all) => {
            let fields = fields(k, all);
            quote!(#k::schema::Body::Struct(#fields))
        }
        Body::Transparent(all) => {
            let fields = fields(k, all);
            quote!(#k::schema::Body::Transparent(#fields))
        }
        Body::Enum(variants) => {
            let variants = variants.iter().map(|Variant { name, renamed, options, docs, fields: all }| {
                let (fields, more) = (fields(k, all), more(renamed, options, docs));
                quote!(#k::schema::Variant::new(#name, #fields)#more)
            });
            quote!(#k::schema::Body::Enum(#k::Vec::from([#(#variants),*])))
        }
    };
    let json_only = json_only(item);
    let (beside, within) = if item.json { Default::default() } else { checks(item) };
    let ordered = ordered(item);
    let bounded = bounded(generics, &quote!(#k::Schema));
    let (generics, arguments, clause) = bounded.split_for_impl();
    let schema = hidden(
        &[],
        &quote! {
            impl #generics #k::Schema for #ident #arguments #clause {
                #json_only

                fn shape(types: &mut #k::schema::Types) -> #k::schema::Shape {
                    use #k::shape::*;
                    #within
                    types.named::<Self>(#name, #options, #docs, |types| { let _ = &types; #body })
                }
            }

            #ordered
            #beside
        },
    );
    quote!(#copied #schema)
}

/// Whether the type travels as JSON only: if it says so, or if its arguments do.
fn json_only(Travels { runtime: k, generics, json, .. }: &Travels) -> TokenStream {
    let params: Vec<_> = generics.type_params().map(|param| &param.ident).collect();
    match (json, &*params) {
        (true, _) => quote!(
            const JSON_ONLY: bool = true;
        ),
        (false, []) => TokenStream::new(),
        (false, params) => quote!(const JSON_ONLY: bool = #(<#params as #k::Schema>::JSON_ONLY)||*;),
    }
}

/// Compile-time errors at the fields whose types travel as JSON only: those beside the item, and those within its shape, for types
/// that mention a parameter. What these are is known where the item is used, which is an error there only if the parameters
/// themselves do not say that the whole travels as JSON only.
fn checks(item: &Travels) -> (TokenStream, TokenStream) {
    let k = &item.runtime;
    let (within, beside): (Vec<&Type>, Vec<&Type>) =
        item.parts().into_iter().partition(|ty| item.is_mentioned(ty.to_token_stream()));
    let message = |ty: &Type| {
        format!(
            "`{}` travels as JSON only, and cannot be a part of what travels by other codecs: put `#[message(codec = \"json\")]` \
             on `{}` too",
            text(ty),
            item.ident.unraw()
        )
        // What `assert!` takes is a pattern.
        .replace('{', "{{")
        .replace('}', "}}")
    };
    let beside = beside.into_iter().map(|ty| {
        let (here, message) = (k.at(ty.span()), message(ty));
        quote_spanned!(ty.span()=> const _: () = ::core::assert!(!#here::Probe::<#ty>::JSON_ONLY, #message);)
    });
    let within = within.into_iter().map(|ty| {
        let (here, message) = (k.at(ty.span()), message(ty));
        quote_spanned! {ty.span()=>
            const { ::core::assert!(<Self as #here::Schema>::JSON_ONLY || !#here::Probe::<#ty>::JSON_ONLY, #message) };
        }
    });
    let import = |checks: TokenStream| if checks.is_empty() { checks } else { quote!(use #k::AnyCodec as _; #checks) };
    (import(beside.collect()), import(within.collect()))
}

fn fields(k: &Runtime, fields: &Fields) -> TokenStream {
    let inner: Vec<_> = fields
        .all()
        .iter()
        .map(|Field { name, renamed, options, docs, ty, .. }| {
            let more = more(renamed, options, docs);
            quote!(#k::schema::Field::new(#name, (&&#k::Probe::<#ty>::NEW).shape(types))#more)
        })
        .collect();
    match fields {
        Fields::Named(_) => quote!(#k::schema::Fields::Named(#k::Vec::from([#(#inner),*]))),
        Fields::Numbered(_) => quote!(#k::schema::Fields::Numbered(#k::Vec::from([#(#inner),*]))),
        Fields::Newtype(_) => quote!(#k::schema::Fields::Newtype(#k::Box::new(#(#inner),*))),
        Fields::None => quote!(#k::schema::Fields::Unit),
    }
}

/// What is said of a field or variant besides.
fn more(renamed: &str, options: &str, docs: &str) -> TokenStream {
    let renamed = (!renamed.is_empty()).then(|| quote!(.renamed(#renamed)));
    let options = (!options.is_empty()).then(|| quote!(.options(#options)));
    let docs = (!docs.is_empty()).then(|| quote!(.docs(#docs)));
    quote!(#renamed #options #docs)
}
