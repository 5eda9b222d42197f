//! `impl Schema`: the structure of a type that travels.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Data, DeriveInput, Field, Fields, GenericParam, Generics, Meta, Type, ext::IdentExt, parse_quote,
    spanned::Spanned,
};

use super::hidden;
use crate::{
    model::Runtime,
    parse::{
        Travels,
        serde::{is_converted, is_skipped, options, stand_in},
    },
    text::text,
};

/// What serde can be told that does not change the bytes that postcard writes.
const HARMLESS: &[&str] = &[
    "alias",
    "bound",
    "borrow",
    "crate",
    "default",
    "deny_unknown_fields",
    "expecting",
    "rename",
    "rename_all",
    "rename_all_fields",
    "transparent",
];

pub(crate) fn travels(Travels { runtime: k, item, json }: &Travels) -> TokenStream {
    let DeriveInput { attrs, ident, generics, data, .. } = item;
    // What borrows cannot be an argument; it may still be a part of something that is written by hand.
    if generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    let (name, container) = (ident.unraw().to_string(), serde_text(attrs));
    let stand_in = stand_in(attrs);
    let body = match (&stand_in, data) {
        (Some(ty), _) => quote! {
            sketch.brackets("(", ")", |sketch| sketch.field("", "", |sketch| (&&#k::Probe::<#ty>::NEW).draw(sketch)));
        },
        (None, Data::Struct(data)) => fields(k, &data.fields),
        (None, Data::Enum(data)) => {
            let variants = data.variants.iter().filter(|variant| !is_skipped(&variant.attrs)).map(|variant| {
                let (name, attributes) = (variant.ident.unraw().to_string(), serde_text(&variant.attrs));
                let fields = fields(k, &variant.fields);
                quote!(sketch.variant(#name, #attributes, |sketch| { let _ = &sketch; #fields });)
            });
            quote!(sketch.brackets(" = ", "", |sketch| { let _ = &sketch; #(#variants)* });)
        }
        (None, Data::Union(_)) => TokenStream::new(),
    };
    let json_only = json_only(k, generics, *json);
    let (beside, within) = if *json { Default::default() } else { checks(k, item, stand_in.as_ref()) };
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
                    sketch.named::<Self>(#name, #container, |sketch| { let _ = &sketch; #body });
                }
            }

            #beside
        },
    )
}

/// Whether the type travels as JSON only: if it says so, or if its arguments do.
fn json_only(k: &Runtime, generics: &Generics, json: bool) -> TokenStream {
    let params: Vec<_> = generics.type_params().map(|param| &param.ident).collect();
    match (json, &*params) {
        (true, _) => quote!(
            const JSON_ONLY: bool = true;
        ),
        (false, []) => TokenStream::new(),
        (false, params) => quote!(const JSON_ONLY: bool = #(<#params as #k::Schema>::JSON_ONLY)||*;),
    }
}

/// Whether a field, or what a variant holds, is written and read as its type says.
fn as_it_is(attrs: &[Attribute]) -> bool {
    !is_skipped(attrs) && !is_converted(attrs)
}

/// Compile-time errors at the fields whose types travel as JSON only: those beside the item, and those within its sketch, for types
/// that mention a parameter. What these are is known where the item is used, which is an error there only if the parameters
/// themselves do not say that the whole travels as JSON only.
fn checks(k: &Runtime, item: &DeriveInput, stand_in: Option<&Type>) -> (TokenStream, TokenStream) {
    let fields: Vec<&Field> = match (&item.data, stand_in) {
        (Data::Struct(data), None) => data.fields.iter().collect(),
        (Data::Enum(data), None) => data
            .variants
            .iter()
            .filter(|variant| as_it_is(&variant.attrs))
            .flat_map(|variant| &variant.fields)
            .collect(),
        _ => Vec::new(),
    };
    let fields = fields.into_iter().filter(|field| as_it_is(&field.attrs)).map(|field| &field.ty);
    let (within, beside): (Vec<_>, Vec<_>) =
        fields.chain(stand_in).partition(|ty| mentions(ty.to_token_stream(), item));
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

/// Whether a parameter of the item, or `Self`, is mentioned.
fn mentions(tokens: TokenStream, item: &DeriveInput) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), item),
        TokenTree::Ident(ident) => {
            ident == "Self"
                || item.generics.params.iter().any(|param| match param {
                    GenericParam::Type(param) => param.ident == ident,
                    GenericParam::Const(param) => param.ident == ident,
                    GenericParam::Lifetime(_) => false,
                })
        }
        _ => false,
    })
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
    let inner = fields.iter().filter(|field| !is_skipped(&field.attrs)).map(|field| {
        let Field { attrs, ident, ty, .. } = field;
        let name = ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default();
        let attributes = serde_text(attrs);
        quote!(sketch.field(#name, #attributes, |sketch| (&&#k::Probe::<#ty>::NEW).draw(sketch));)
    });
    let (open, close) = match fields {
        Fields::Named(_) => (" { ", " }"),
        Fields::Unnamed(_) => ("(", ")"),
        Fields::Unit => return TokenStream::new(),
    };
    quote!(sketch.brackets(#open, #close, |sketch| { let _ = &sketch; #(#inner)* });)
}

/// The options of serde that may change the bytes, as text.
fn serde_text(attrs: &[Attribute]) -> String {
    let counts = |option: &Meta| !HARMLESS.iter().any(|name| option.path().is_ident(name));
    options(attrs).filter(counts).map(|option| text(&option.to_token_stream())).collect::<Vec<_>>().join(", ")
}
