//! What a type that travels consists of, as serde writes it.

use syn::{Data, DeriveInput, ext::IdentExt};

use crate::{
    model::{Body, Field, Fields, Variant},
    parse::words::{is_converted, is_skipped, stand_in, that_count},
};

/// The parts of the type that are written.
pub(super) fn structure(item: &DeriveInput) -> Body {
    match (stand_in(&item.attrs), &item.data) {
        (Some(ty), _) => Body::StandIn(ty),
        (None, Data::Struct(data)) => Body::Struct(fields(&data.fields, false)),
        (None, Data::Enum(data)) => {
            Body::Enum(data.variants.iter().filter(|variant| !is_skipped(&variant.attrs)).map(variant).collect())
        }
        // The compiler says more.
        (None, Data::Union(_)) => Body::Struct(Fields::None),
    }
}

fn variant(variant: &syn::Variant) -> Variant {
    Variant {
        name: variant.ident.unraw().to_string(),
        options: that_count(&variant.attrs),
        fields: fields(&variant.fields, is_converted(&variant.attrs)),
    }
}

/// `converted`: functions of the user's write and read all of them.
fn fields(fields: &syn::Fields, converted: bool) -> Fields {
    let read = |field: &syn::Field| Field {
        name: field.ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default(),
        options: that_count(&field.attrs),
        ty: field.ty.clone(),
        as_it_is: !converted && !is_converted(&field.attrs),
    };
    let written = fields.iter().filter(|field| !is_skipped(&field.attrs)).map(read).collect();
    match fields {
        syn::Fields::Named(_) => Fields::Named(written),
        syn::Fields::Unnamed(_) => Fields::Numbered(written),
        syn::Fields::Unit => Fields::None,
    }
}
