//! Turns the model into code. The templates read as one would write the code by hand; look at them with `cargo expand`.
//! May not judge what the user wrote.
//!
//! What needs no name for the user sits in a `const _`, one per attribute, so that hidden names cannot collide. Names of
//! types that stand beside a user's types begin with `__`; locals that stand beside a user's arguments are hygienic.

mod client;
mod contract;
mod fulfil;
mod hook;
mod message;
mod method;
mod own;
mod schema;
mod unit;
mod wire;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, ext::IdentExt};

use crate::model::Shape;

pub(crate) use self::{
    contract::contract, fulfil::fulfilment, message::message, own::own_block, schema::travels, unit::unit,
};

/// A local that no argument of the user's can be confused with.
fn local(name: &str, near: &Ident) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(near.span()))
}

/// The type that stands for a hook or a field, or for a method together with [`signed`].
fn marker(ident: &Ident) -> Ident {
    format_ident!("__{}", ident.unraw(), span = ident.span())
}

/// The marker of a method with the method's signature: so its descriptions are as private as the types that it mentions,
/// and a `pub` method of a `pub` service may take what only its own package knows.
fn signed(marker: &Ident, shape: &Shape) -> TokenStream {
    let types = shape.args.iter().map(|arg| &arg.ty);
    let whole = shape.output.whole();
    quote!(#marker<fn(#(#types),*) -> #whole>)
}

/// A block whose names nobody sees. The lints are about code that a person writes.
fn hidden(cfgs: &[Attribute], items: &TokenStream) -> TokenStream {
    quote! {
        #(#cfgs)*
        #[allow(
            clippy::all, clippy::pedantic, clippy::nursery, dead_code, deprecated, missing_debug_implementations,
            non_camel_case_types, non_snake_case, private_bounds, private_interfaces, unnameable_types, unreachable_pub,
            unused_imports, unused_qualifications,
            reason = "generated"
        )]
        const _: () = { #items };
    }
}
