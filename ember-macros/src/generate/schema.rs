//! `impl Schema`: the structure of a type that travels.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{GenericParam, Generics, Type, ext::IdentExt, parse_quote, spanned::Spanned};

use crate::{
    generate::parts::hidden,
    model::{Body, Field, Fields, Runtime, Travels, Variant},
    text::text,
};

pub(crate) fn travels(item: &Travels) -> TokenStream {
    let Travels { runtime: k, ident, generics, options, body, .. } = item;
    // What borrows cannot be an argument; it may still be a part of something that is written by hand.
    if generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    let name = ident.unraw().to_string();
    let body = match body {
        Body::StandIn(ty) => quote! {
            sketch.brackets("(", ")", |sketch| sketch.field("", "", |sketch| (&&#k::Probe::<#ty>::NEW).draw(sketch)));
        },
        Body::Struct(drawn) => fields(k, drawn),
        Body::Enum(variants) => {
            let variants = variants.iter().map(|Variant { name, options, fields: drawn }| {
                let drawn = fields(k, drawn);
                quote!(sketch.variant(#name, #options, |sketch| { let _ = &sketch; #drawn });)
            });
            quote!(sketch.brackets(" = ", "", |sketch| { let _ = &sketch; #(#variants)* });)
        }
    };
    let json_only = json_only(item);
    let (beside, within) = if item.json { Default::default() } else { checks(item) };
    let bounded = bounded(k, generics);
    let (generics, arguments, clause) = bounded.split_for_impl();
    hidden(
        &[],
        &quote! {
            impl #generics #k::Schema for #ident #arguments #clause {
                #json_only

                fn sketch(sketch: &mut #k::Sketch) {
                    use #k::draw::*;
                    #within
                    sketch.named::<Self>(#name, #options, |sketch| { let _ = &sketch; #body });
                }
            }

            #beside
        },
    )
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

/// Compile-time errors at the fields whose types travel as JSON only: those beside the item, and those within its sketch, for types
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

fn bounded(k: &Runtime, generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    let params: Vec<Ident> = generics.type_params().map(|param| param.ident.clone()).collect();
    for param in &mut generics.params {
        match param {
            GenericParam::Type(param) => param.default = None,
            GenericParam::Const(param) => param.default = None,
            GenericParam::Lifetime(_) => {}
        }
    }
    let clause = generics.make_where_clause();
    for param in params {
        clause.predicates.push(parse_quote!(#param: #k::Schema));
    }
    generics
}

fn fields(k: &Runtime, fields: &Fields) -> TokenStream {
    let (open, close) = match fields {
        Fields::Named(_) => (" { ", " }"),
        Fields::Numbered(_) => ("(", ")"),
        Fields::None => return TokenStream::new(),
    };
    let inner = fields.all().iter().map(|Field { name, options, ty, .. }| {
        quote!(sketch.field(#name, #options, |sketch| (&&#k::Probe::<#ty>::NEW).draw(sketch));)
    });
    quote!(sketch.brackets(#open, #close, |sketch| { let _ = &sketch; #(#inner)* });)
}
