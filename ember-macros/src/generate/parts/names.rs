//! The names of what is generated.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Type, ext::IdentExt};

use crate::model::{Key, Shape};

/// A local that no argument of the user's can be confused with.
pub(crate) fn local(name: &str, near: &Ident) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(near.span()))
}

/// What the user's function is called on, as locals of generated code.
pub(crate) struct Lent {
    pub(crate) this: Ident,
    pub(crate) cx: Ident,
    /// The context where it is taken: its name, or `_` if the user's function takes none.
    pub(crate) cx_pattern: TokenStream,
}

impl Lent {
    pub(crate) fn new(shape: &Shape) -> Self {
        let (this, cx) = (local("unit", &shape.ident), local("cx", &shape.ident));
        let cx_pattern = if shape.takes_cx { quote!(#cx) } else { quote!(_) };
        Self { this, cx, cx_pattern }
    }
}

/// The names and the types of the arguments.
pub(crate) fn arguments(shape: &Shape) -> (Vec<&Ident>, Vec<&Type>) {
    shape.args.iter().map(|arg| (&arg.name, &arg.ty)).unzip()
}

/// The type that stands for a hook or a field, or for a method together with [`signed`].
pub(crate) fn marker(ident: &Ident) -> Ident {
    format_ident!("__{}", ident.unraw(), span = ident.span())
}

/// The marker of a method with the method's signature: so its descriptions are as private as the types that it mentions,
/// and a `pub` method of a `pub` service may take what only its own package knows.
pub(crate) fn signed(marker: &Ident, shape: &Shape) -> TokenStream {
    let types = shape.args.iter().map(|arg| &arg.ty);
    let whole = shape.output.whole();
    quote!(#marker<fn(#(#types),*) -> #whole>)
}

/// The key in the tuple of the arguments, with the name that the tuple needs. All at one place, so that the compiler points there.
pub(crate) fn part(Key { arg, fields, span, .. }: &Key) -> (Ident, TokenStream) {
    let args = Ident::new("__args", *span);
    let arg = syn::Index { index: u32::try_from(*arg).unwrap_or(u32::MAX), span: *span };
    let mut part = quote_spanned!(*span=> #args.#arg);
    for field in fields {
        part = quote_spanned!(*span=> #part.#field);
    }
    (args, part)
}
