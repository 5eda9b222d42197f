//! `impl Ordered`: what of a type that travels cannot be replicated, said at that place if a replicated service has it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Type, ext::IdentExt, parse_quote};

use crate::{
    generate::parts::{bounded, refuse},
    model::{Body, Field, LeftOut, Runtime, Travels},
    text::text,
};

/// Types that need not be asked, as nearly everybody writes them.
const PLAIN: [&str; 16] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f64", "bool", "String",
    "Vec<u8>",
];

/// Costs where it is asked: the constant has a parameter, and is not looked at before.
pub(super) fn ordered(item: &Travels) -> TokenStream {
    let Travels { runtime: k, ident, generics, body, json, left_out, .. } = item;
    let name = ident.unraw().to_string();
    let mut refused = TokenStream::new();
    if *json {
        let why = format!("`{name}` travels as JSON only, and cannot be replicated: leave out its `codec = \"json\"`");
        refused.extend(refuse(k, ident, &quote!(true), &why));
    }
    match body {
        Body::StandIn(ty) => refused.extend(asked(k, ty, || format!("`{}`, which stands for `{name}`,", text(ty)))),
        Body::Struct(fields) | Body::Transparent(fields) => {
            refused.extend(fields.all().iter().filter_map(|field| of_field(k, field, &name)));
        }
        Body::Enum(variants) => refused.extend(variants.iter().flat_map(|variant| {
            let of = format!("{name}::{}", variant.name);
            variant.fields.all().iter().filter_map(move |field| of_field(k, field, &of))
        })),
    }
    refused.extend(left_out.iter().map(|LeftOut { at, what }| {
        let why = format!(
            "{what} is left out of what is replicated, so that other nodes have something else there: leave `{}` out. What \
             each instance has for itself goes into the service's struct; what can be made of the rest is made anew by \
             `#[serde(from = \"…\", into = \"…\")]`",
            text(at)
        );
        refuse(k, at, &quote!(true), &why)
    }));
    let unordered = (!refused.is_empty()).then(|| {
        quote! {
            const UNORDERED: bool = {
                use #k::AnyOrder as _;
                #refused
                false
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

/// Refuses a type that has no order.
fn asked(k: &Runtime, ty: &Type, what: impl Fn() -> String) -> Option<TokenStream> {
    if PLAIN.contains(&&*text(ty)) {
        return None;
    }
    let why = format!(
        "{} is in another order on each node, and cannot be replicated: write `BTreeMap` or `BTreeSet`",
        what()
    );
    Some(refuse(k, ty, &quote!(#k::Order::<#ty, __D>::UNORDERED), &why))
}
