//! Where generated code is put that needs no name.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

/// A block whose names nobody sees. The lints are about code that a person writes.
pub(crate) fn hidden(cfgs: &[Attribute], items: &TokenStream) -> TokenStream {
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
