//! `impl Schema`: the structure of a type that travels.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Field, Fields, GenericParam, Generics, Item, Meta, Token, ext::IdentExt, parse_quote,
    punctuated::Punctuated,
};

use super::hidden;
use crate::{model::Runtime, text::text};

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
];

pub(super) fn schema(k: &Runtime, item: &Item) -> TokenStream {
    let (attrs, ident, generics) = match item {
        Item::Struct(item) => (&item.attrs, &item.ident, &item.generics),
        Item::Enum(item) => (&item.attrs, &item.ident, &item.generics),
        _ => return TokenStream::new(),
    };
    // What borrows cannot be an argument; it may still be a part of something that is written by hand.
    if generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    let (name, container) = (ident.unraw().to_string(), serde_text(attrs));
    let body = match item {
        Item::Struct(item) => fields(k, &item.fields),
        Item::Enum(item) => {
            let variants = item.variants.iter().filter(|variant| !is_skipped(&variant.attrs)).map(|variant| {
                let (name, attributes) = (variant.ident.unraw().to_string(), serde_text(&variant.attrs));
                let (cfgs, fields) = (cfgs(&variant.attrs), fields(k, &variant.fields));
                quote!(#(#cfgs)* sketch.variant(#name, #attributes, |sketch| { let _ = &sketch; #fields });)
            });
            quote!(sketch.brackets(" = ", "", |sketch| { let _ = &sketch; #(#variants)* });)
        }
        _ => TokenStream::new(),
    };
    let bounded = bounded(k, generics);
    let (generics, arguments, clause) = bounded.split_for_impl();
    let implementation = quote! {
        impl #generics #k::Schema for #ident #arguments #clause {
            fn sketch(sketch: &mut #k::Sketch) {
                use #k::draw::*;
                sketch.named::<Self>(#name, #container, |sketch| { let _ = &sketch; #body });
            }
        }
    };
    let cfgs: Vec<Attribute> = cfgs(attrs).cloned().collect();
    hidden(&cfgs, &implementation)
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
        let (cfgs, attributes) = (cfgs(attrs), serde_text(attrs));
        quote! {
            #(#cfgs)*
            sketch.field(#name, #attributes, |sketch| (&&#k::Probe::<#ty>::NEW).draw(sketch));
        }
    });
    let (open, close) = match fields {
        Fields::Named(_) => (" { ", " }"),
        Fields::Unnamed(_) => ("(", ")"),
        Fields::Unit => return TokenStream::new(),
    };
    quote!(sketch.brackets(#open, #close, |sketch| { let _ = &sketch; #(#inner)* });)
}

fn cfgs(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
}

/// The options that serde is given.
fn serde(attrs: &[Attribute]) -> impl Iterator<Item = Meta> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("serde"))
        .filter_map(|attr| attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok())
        .flatten()
}

/// Whether this is never on the wire.
fn is_skipped(attrs: &[Attribute]) -> bool {
    serde(attrs).any(|option| option.path().is_ident("skip"))
}

/// The options of serde that may change the bytes, as text.
fn serde_text(attrs: &[Attribute]) -> String {
    let counts = |option: &Meta| !HARMLESS.iter().any(|name| option.path().is_ident(name));
    serde(attrs).filter(counts).map(|option| text(&option.to_token_stream())).collect::<Vec<_>>().join(", ")
}
