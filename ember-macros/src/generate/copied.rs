//! serde's traits by way of a copy of the item.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::{
    generate::parts::hidden,
    model::{Copied, Runtime, Travels},
};

/// The copy, what `serde(remote)` makes of it, and serde's traits by that.
///
/// Each type that is asked stands in the bounds of the copy's functions. There they hold, whatever it is: `for<'x>` and `'de` keep the
/// compiler from looking whether they can. So what serde derives has nothing to complain of. The functions are not found where they do
/// not hold, but those of `Unread` are, in code that does not compile: for the types are asked once more, and this is where it is told.
/// No bound may stand on the traits themselves: a type that holds itself by way of another could not travel then.
pub(crate) fn copied(item: &Travels, Copied { item: copy, asked }: &Copied) -> TokenStream {
    let (k, ident) = (&item.runtime, &item.ident);
    let (serde, name, remote) = (quote!(#k::serde), format_ident!("__Copied"), ident.to_string());
    let bounds = (!asked.is_empty()).then(|| {
        let itself = quote!(#k::Itself);
        let written = asked.iter().map(|ty| quote!(for<'x> <#ty as #itself<'x>>::This: #serde::Serialize));
        let read = asked.iter().map(|ty| quote!(#ty: #serde::Deserialize<'de>));
        // Not as people space them: `:` and `::` are apart.
        let (written, read) = (quote!(#(#written),*).to_string(), quote!(#(#read),*).to_string());
        quote!(, bound(serialize = #written, deserialize = #read))
    });
    let (attrs, body) = (&copy.attrs, body(copy, &name));
    let asked = asked.iter().map(|ty| asks(k, ty));
    hidden(
        &[],
        &quote! {
            #[derive(#serde::Serialize, #serde::Deserialize)]
            #(#attrs)*
            #[serde(remote = #remote #bounds)]
            #body

            impl #serde::Serialize for #ident {
                #[inline]
                fn serialize<S: #serde::Serializer>(&self, __to: S) -> #k::Result<S::Ok, S::Error> {
                    use #k::Unread as _;
                    #name::serialize(self, __to)
                }
            }

            impl<'de> #serde::Deserialize<'de> for #ident {
                #[inline]
                fn deserialize<D: #serde::Deserializer<'de>>(__from: D) -> #k::Result<Self, D::Error> {
                    use #k::Unread as _;
                    #name::deserialize(__from)
                }
            }

            #(#asked)*
        },
    )
}

fn asks(k: &Runtime, ty: &syn::Type) -> TokenStream {
    let here = k.at(ty.span());
    quote_spanned!(ty.span()=> const _: fn() = #here::part::<#ty>;)
}

fn body(copy: &syn::DeriveInput, name: &proc_macro2::Ident) -> TokenStream {
    match &copy.data {
        syn::Data::Struct(data) => match &data.fields {
            fields @ syn::Fields::Named(_) => quote!(struct #name #fields),
            fields => quote!(struct #name #fields;),
        },
        syn::Data::Enum(data) => {
            let variants = &data.variants;
            quote!(enum #name { #variants })
        }
        syn::Data::Union(_) => TokenStream::new(),
    }
}
