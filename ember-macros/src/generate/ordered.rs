//! `impl Ordered`: which fields of a type that travels have no order.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Type, ext::IdentExt, parse_quote};

use crate::{
    generate::parts::bounded,
    model::{Body, Field, Runtime, Travels},
    text::text,
};

/// Types that need not be asked, as nearly everybody writes them.
const PLAIN: [&str; 16] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f64", "bool", "String",
    "Vec<u8>",
];

/// Costs where it is asked: the constant has a parameter, and is not looked at before.
pub(super) fn ordered(item: &Travels) -> TokenStream {
    let Travels { runtime: k, ident, generics, body, .. } = item;
    let name = ident.unraw().to_string();
    let fields: Vec<TokenStream> = match body {
        Body::StandIn(ty) => {
            asked(k, ty, || format!("`{}`, which stands for `{name}`", text(ty))).into_iter().collect()
        }
        Body::Struct(fields) | Body::Transparent(fields) => {
            fields.all().iter().filter_map(|field| of_field(k, field, &name)).collect()
        }
        Body::Enum(variants) => variants
            .iter()
            .flat_map(|variant| {
                let of = format!("{name}::{}", variant.name);
                variant.fields.all().iter().filter_map(move |field| of_field(k, field, &of))
            })
            .collect(),
    };
    let unordered = (!fields.is_empty()).then(|| {
        quote! {
            const UNORDERED: #k::Option<&'static str> = {
                use #k::AnyOrder as _;
                #k::unordered(&[#(#fields),*])
            };
        }
    });
    let depth = format_ident!("__D");
    let mut generics = bounded(generics, &quote!(#k::Ordered<#depth::Less>));
    let (_, arguments, _) = generics.split_for_impl();
    let arguments = quote!(#arguments);
    generics.params.push(parse_quote!(#depth: #k::Depth));
    let (params, _, clause) = generics.split_for_impl();
    quote! {
        impl #params #k::Ordered<#depth> for #ident #arguments #clause {
            #unordered
        }
    }
}

fn of_field(k: &Runtime, Field { name, ty, as_it_is, .. }: &Field, of: &str) -> Option<TokenStream> {
    let named = if name.is_empty() { String::new() } else { format!("{name}: ") };
    if *as_it_is { asked(k, ty, || format!("`{named}{}` of `{of}`", text(ty))) } else { None }
}

/// What is known of the type, and what is said of a field of it that has no order.
fn asked(k: &Runtime, ty: &Type, what: impl Fn() -> String) -> Option<TokenStream> {
    if PLAIN.contains(&&*text(ty)) {
        return None;
    }
    let said = format!(
        "{} is in another order on each node, and cannot be replicated: write `BTreeMap` or `BTreeSet`",
        what()
    );
    Some(quote!((#k::Order::<#ty, __D>::UNORDERED, #said)))
}
