//! Types that travel.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{Attribute, DeriveInput, GenericParam, Generics, Item, Type};

use super::unit::Runtime;

/// A type as `#[message]` sees it.
pub(crate) struct Message {
    pub(crate) runtime: Runtime,
    pub(crate) item: Item,
    /// The traits to derive: those that the user has not.
    pub(crate) derives: Vec<&'static str>,
    /// Whether it travels as JSON only.
    pub(crate) json: bool,
    /// Whether its structure can be derived: it cannot where a field does not travel.
    pub(crate) whole: bool,
    /// Whether serde's traits are derived on a copy: [`Copied`].
    pub(crate) apart: bool,
    pub(crate) event: Option<EventName>,
}

/// Its events may leave their node.
pub(crate) struct EventName {
    pub(crate) ident: Ident,
    /// By what the nodes know it.
    pub(crate) name: String,
    pub(crate) cfgs: Vec<Attribute>,
}

/// How `#[message]` tells its derive macro what it was told.
pub(crate) const TOLD: &str = "ember_message";

/// The same as a derive macro sees it: `cfg` and `cfg_attr` have been decided. What serde skips is not in its body.
pub(crate) struct Travels {
    pub(crate) runtime: Runtime,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// Whether it travels as JSON only.
    pub(crate) json: bool,
    /// The options of serde that may change the bytes, as text.
    pub(crate) options: String,
    /// What its author says of it.
    pub(crate) docs: String,
    pub(crate) body: Body,
    /// What serde skips.
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) apart: Option<Copied>,
}

/// The same fields once more, for serde's traits to be derived on: its `impl`s can then say what they take for granted of the types of
/// the fields, so that it is said once, and by Ember, where one does not travel.
pub(crate) struct Copied {
    /// With serde's attributes, and no others.
    pub(crate) item: DeriveInput,
    /// The types that are asked whether they travel, each once.
    pub(crate) asked: Vec<Type>,
}

pub(crate) enum Body {
    /// Another type stands for it on the wire.
    StandIn(Type),
    Struct(Fields),
    /// Written as its one field.
    Transparent(Fields),
    Enum(Vec<Variant>),
}

/// A field or variant that is neither written nor read.
pub(crate) struct LeftOut {
    /// Where that is said.
    pub(crate) at: TokenStream,
    /// What it is, in words.
    pub(crate) what: String,
}

pub(crate) struct Variant {
    pub(crate) name: String,
    /// What serde calls it, if that is something else.
    pub(crate) renamed: String,
    pub(crate) options: String,
    pub(crate) docs: String,
    pub(crate) fields: Fields,
}

/// The fields of a struct or a variant, in their order.
pub(crate) enum Fields {
    Named(Vec<Field>),
    Numbered(Vec<Field>),
    /// One alone.
    Newtype(Box<Field>),
    None,
}

pub(crate) struct Field {
    /// Nothing for one that is numbered.
    pub(crate) name: String,
    /// What serde calls it, if that is something else.
    pub(crate) renamed: String,
    pub(crate) options: String,
    pub(crate) docs: String,
    pub(crate) ty: Type,
    /// Whether it is written and read as its type says, and not by functions of the user's.
    pub(crate) as_it_is: bool,
}

impl Fields {
    pub(crate) fn all(&self) -> &[Field] {
        match self {
            Self::Named(fields) | Self::Numbered(fields) => fields,
            Self::Newtype(field) => std::slice::from_ref(field),
            Self::None => &[],
        }
    }
}

impl Travels {
    /// The types that are parts of it on the wire as they are.
    pub(crate) fn parts(&self) -> Vec<&Type> {
        let fields: Vec<&Field> = match &self.body {
            Body::StandIn(ty) => return vec![ty],
            Body::Struct(fields) | Body::Transparent(fields) => fields.all().iter().collect(),
            Body::Enum(variants) => variants.iter().flat_map(|variant| variant.fields.all()).collect(),
        };
        fields.into_iter().filter(|field| field.as_it_is).map(|field| &field.ty).collect()
    }

    /// Whether a parameter of the item, or `Self`, is mentioned.
    pub(crate) fn is_mentioned(&self, tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => self.is_mentioned(group.stream()),
            TokenTree::Ident(ident) => {
                ident == "Self"
                    || self.generics.params.iter().any(|param| match param {
                        GenericParam::Type(param) => param.ident == ident,
                        GenericParam::Const(param) => param.ident == ident,
                        GenericParam::Lifetime(_) => false,
                    })
            }
            _ => false,
        })
    }
}
