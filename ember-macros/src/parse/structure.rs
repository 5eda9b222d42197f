//! What a type that travels consists of, as serde writes it.

use quote::ToTokens;
use syn::{Data, DeriveInput, Type, ext::IdentExt};

use crate::{
    model::{Body, Field, Fields, LeftOut, Variant},
    parse::words::{
        bare, docs, is_converted, is_skipped, is_transparent,
        labels::{self, Rule},
        skip, stand_in, that_count,
    },
    text::text,
};

/// The parts of the type that are written.
pub(super) fn structure(item: &DeriveInput) -> Body {
    let attrs = &item.attrs;
    let of_all = |option| Rule::of(attrs, option);
    match (stand_in(attrs), &item.data) {
        (Some(ty), _) => Body::StandIn(ty),
        (None, Data::Struct(data)) => {
            let fields = fields(&data.fields, false, of_all("rename_all"));
            if is_transparent(attrs) { Body::Transparent(fields) } else { Body::Struct(fields) }
        }
        (None, Data::Enum(data)) => {
            let (names, within) = (of_all("rename_all"), of_all("rename_all_fields"));
            let written = data.variants.iter().filter(|variant| !is_skipped(&variant.attrs));
            Body::Enum(written.map(|of| variant(of, names, within)).collect())
        }
        // The compiler says more.
        (None, Data::Union(_)) => Body::Struct(Fields::None),
    }
}

/// What of the type is neither written nor read. What holds nothing is nothing that could be missed.
pub(super) fn left_out(item: &DeriveInput) -> Vec<LeftOut> {
    let name = item.ident.unraw().to_string();
    let mut found = Vec::new();
    let mut of = |fields: &syn::Fields, of: &str| {
        let skipped = fields.iter().filter(|field| !holds_nothing(&field.ty));
        found.extend(skipped.filter_map(|field| {
            let named = field.ident.as_ref().map(|ident| format!("{}: ", ident.unraw())).unwrap_or_default();
            let what = format!("`{named}{}` of `{of}`", text(&field.ty));
            Some(LeftOut { at: skip(&field.attrs)?.into_token_stream(), what })
        }));
    };
    match &item.data {
        _ if stand_in(&item.attrs).is_some() => {}
        Data::Struct(data) => of(&data.fields, &name),
        Data::Enum(data) => {
            let written = data.variants.iter().filter(|variant| !is_skipped(&variant.attrs));
            for variant in written.filter(|variant| !is_converted(&variant.attrs)) {
                of(&variant.fields, &format!("{name}::{}", variant.ident.unraw()));
            }
            let skipped = data.variants.iter().filter_map(|variant| Some((skip(&variant.attrs)?, variant)));
            found.extend(skipped.map(|(skip, variant)| LeftOut {
                at: skip.into_token_stream(),
                what: format!("`{name}::{}`", variant.ident.unraw()),
            }));
        }
        Data::Union(_) => {}
    }
    found
}

fn holds_nothing(ty: &Type) -> bool {
    match bare(ty) {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "PhantomData"),
        _ => false,
    }
}

fn variant(variant: &syn::Variant, names: Option<Rule>, within: Option<Rule>) -> Variant {
    let (attrs, name) = (&variant.attrs, variant.ident.unraw().to_string());
    Variant {
        renamed: labels::of_variant(attrs, &name, names),
        name,
        options: that_count(attrs),
        docs: docs(attrs),
        fields: fields(&variant.fields, is_converted(attrs), Rule::of(attrs, "rename_all").or(within)),
    }
}

/// `converted`: functions of the user's write and read all of them.
fn fields(fields: &syn::Fields, converted: bool, names: Option<Rule>) -> Fields {
    let read = |field: &syn::Field| {
        let name = field.ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default();
        Field {
            renamed: if name.is_empty() { String::new() } else { labels::of_field(&field.attrs, &name, names) },
            name,
            options: that_count(&field.attrs),
            docs: docs(&field.attrs),
            ty: field.ty.clone(),
            as_it_is: !converted && !is_converted(&field.attrs),
        }
    };
    let mut written: Vec<_> = fields.iter().filter(|field| !is_skipped(&field.attrs)).map(read).collect();
    match fields {
        syn::Fields::Named(_) => Fields::Named(written),
        syn::Fields::Unnamed(all) if all.unnamed.len() == 1 && written.len() == 1 => {
            Fields::Newtype(Box::new(written.remove(0)))
        }
        syn::Fields::Unnamed(_) => Fields::Numbered(written),
        syn::Fields::Unit => Fields::None,
    }
}
