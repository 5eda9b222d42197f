//! The copy of an item that serde's traits are derived on.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Data, DeriveInput, Field, GenericArgument, Generics, Item, Lifetime, PathArguments, PathSegment, Type,
    Variant, Visibility,
    ext::IdentExt,
    parse_quote,
    visit::{self, Visit},
};

use crate::{
    model::{Copied, Travels},
    parse::words::{serde::word, stand_in},
    text::text,
};

/// Types that travel, by their names. One of the user's may be called the same: then serde complains in its own words.
const PLAIN: &[&str] = &[
    "bool",
    "char",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
    "Duration",
    "Pid",
    "String",
    "SystemTime",
];

/// Types that travel if what is in them does: so many of their parameters are in them. The others are hashers, or marks.
const AROUND: &[(&str, usize)] = &[
    ("BTreeMap", 2),
    ("BTreeSet", 1),
    ("Box", 1),
    ("HashMap", 2),
    ("HashSet", 1),
    ("Option", 1),
    ("PhantomData", 0),
    ("Result", 2),
    ("Vec", 1),
    ("VecDeque", 1),
];

/// Whether there is a field whose type may not travel, and a copy can be made: not of what is generic or has lifetimes, for which serde
/// finds the bounds; nor where `Self` is written, which is not the copy, or `$crate`, which is none in the text of a bound.
pub(super) fn is_worth_it(item: &Item) -> bool {
    let (attrs, generics, fields): (_, &Generics, Vec<&Field>) = match item {
        Item::Struct(item) => (&item.attrs, &item.generics, item.fields.iter().collect()),
        Item::Enum(item) => {
            (&item.attrs, &item.generics, item.variants.iter().flat_map(|variant| &variant.fields).collect())
        }
        _ => return false,
    };
    generics.params.is_empty()
        && generics.where_clause.is_none()
        && stand_in(attrs).is_none()
        && !attrs.iter().any(|attr| attr.path().is_ident("cfg_attr"))
        && !is_told(item)
        && !fields
            .iter()
            .any(|field| mentions(field.ty.to_token_stream(), &["Self", "$crate"]) || has_lifetime(&field.ty))
        && fields.iter().any(|field| !unknown(&field.ty).is_empty())
}

/// Whether serde is told which bounds there are, or that something is written and not read as it is, or the other way round; or sees
/// that it is packed.
fn is_told(item: &Item) -> bool {
    const TOLD: &[&str] = &[
        "bound",
        "remote",
        "serialize_with",
        "deserialize_with",
        "skip_serializing",
        "skip_deserializing",
        "from",
        "try_from",
        "into",
        "packed",
    ];
    /// Of what is made for a copy: a variant of one of these names would be in its place.
    const MADE: &[&str] = &["serialize", "deserialize"];
    struct Search(bool);

    impl<'ast> Visit<'ast> for Search {
        fn visit_attribute(&mut self, attr: &'ast Attribute) {
            let is_told = ["serde", "cfg_attr", "repr"].iter().any(|name| attr.path().is_ident(name));
            self.0 |= is_told && mentions(attr.meta.to_token_stream(), TOLD);
        }

        fn visit_variant(&mut self, variant: &'ast Variant) {
            self.0 |= MADE.iter().any(|name| variant.ident == name);
            visit::visit_variant(self, variant);
        }
    }

    let mut search = Search(false);
    search.visit_item(item);
    search.0
}

/// What of `item` serde has to see.
pub(super) fn copied(mut item: DeriveInput, travels: &Travels) -> Copied {
    if word(&item.attrs, "rename").is_none() {
        let name = item.ident.unraw().to_string();
        item.attrs.push(parse_quote!(#[serde(rename = #name)]));
    }
    of_serde(&mut item.attrs);
    match &mut item.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(bare_field),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                of_serde(&mut variant.attrs);
                variant.discriminant = None;
                variant.fields.iter_mut().for_each(bare_field);
            }
        }
        Data::Union(_) => {}
    }
    let mut known = BTreeSet::new();
    let parts = travels.parts().into_iter().flat_map(unknown);
    let asked = parts.filter(|ty| known.insert(text(ty))).cloned().collect();
    Copied { item, asked }
}

fn has_lifetime(ty: &Type) -> bool {
    struct Search(bool);

    impl<'ast> Visit<'ast> for Search {
        fn visit_lifetime(&mut self, _: &'ast Lifetime) {
            self.0 = true;
        }
    }

    let mut search = Search(false);
    search.visit_type(ty);
    search.0
}

fn bare_field(field: &mut Field) {
    of_serde(&mut field.attrs);
    field.vis = Visibility::Inherited;
}

fn of_serde(attrs: &mut Vec<Attribute>) {
    attrs.retain(|attr| attr.path().is_ident("serde"));
}

fn mentions(tokens: TokenStream, names: &[&str]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), names),
        TokenTree::Ident(ident) => names.iter().any(|name| ident == name),
        _ => false,
    })
}

/// The types in `ty` of which it is not known that they travel.
fn unknown(ty: &Type) -> Vec<&Type> {
    struct Search<'ast>(Vec<&'ast Type>);

    impl<'ast> Visit<'ast> for Search<'ast> {
        fn visit_type(&mut self, ty: &'ast Type) {
            let last = match ty {
                Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
                Type::Array(array) => return self.visit_type(&array.elem),
                Type::Tuple(_) | Type::Paren(_) | Type::Group(_) => return visit::visit_type(self, ty),
                _ => None,
            };
            match last {
                Some(last) if last.arguments.is_none() && PLAIN.iter().any(|name| last.ident == name) => {}
                Some(last) => match within(last) {
                    Some(types) => types.into_iter().for_each(|ty| self.visit_type(ty)),
                    None => self.0.push(ty),
                },
                None => self.0.push(ty),
            }
        }
    }

    /// The types in one of which it is known that it travels if they do. Of a `Box<str>` it is not asked in parts: a `str` alone does not.
    fn within(last: &PathSegment) -> Option<Vec<&Type>> {
        let (_, count) = AROUND.iter().find(|(name, _)| last.ident == name)?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        let types = arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        let types: Vec<_> = types.take(*count).collect();
        let is_unsized = |ty: &&Type| match ty {
            Type::Slice(_) | Type::TraitObject(_) => true,
            Type::Path(path) => path.path.is_ident("str"),
            _ => false,
        };
        (!types.iter().any(is_unsized)).then_some(types)
    }

    let mut search = Search(Vec::new());
    search.visit_type(ty);
    search.0
}
