//! The signature of a method: what both sides of a call compare.

use std::sync::OnceLock;

use super::{
    method::{Arg, KeyPart, MethodSchema},
    shape::{Shape, Text},
    text::text,
    types::Types,
};
use crate::id::fnv1a;

/// The signature of a method: its schema, and what is compared of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    schema: MethodSchema,
    fingerprint: u64,
    text: String,
    opaque: bool,
}

/// Says what the structure of a type is.
pub type ShapeOf = fn(&mut Types) -> Shape;

impl Signature {
    /// Of these arguments, with their names, and results.
    pub fn new(args: &[(&'static str, ShapeOf)], value: ShapeOf, error: Option<ShapeOf>) -> Self {
        Self::with(args, value, error, None)
    }

    /// The same, of a method whose calls have a key: which part of the arguments it is, and its structure.
    pub fn keyed(
        args: &[(&'static str, ShapeOf)],
        value: ShapeOf,
        error: Option<ShapeOf>,
        key: (&'static str, ShapeOf),
    ) -> Self {
        Self::with(args, value, error, Some(key))
    }

    fn with(
        args: &[(&'static str, ShapeOf)],
        value: ShapeOf,
        error: Option<ShapeOf>,
        key: Option<(&'static str, ShapeOf)>,
    ) -> Self {
        let mut types = Types::default();
        let args =
            args.iter().map(|(name, shape)| Arg { name: Text::Borrowed(name), shape: shape(&mut types) }).collect();
        let (value, error) = (value(&mut types), error.map(|error| error(&mut types)));
        let key = key.map(|(path, shape)| KeyPart { path: Text::Borrowed(path), shape: shape(&mut types) });
        let schema = MethodSchema { args, value, error, key, types: types.into_named() };
        let (text, opaque) = (text(&schema), schema.is_opaque());
        Self { schema, fingerprint: fnv1a(&text), text, opaque }
    }

    /// The one in `cell`, made when it is first asked for.
    pub fn lazily(cell: &OnceLock<Self>, make: fn() -> Self) -> &Self {
        cell.get_or_init(make)
    }

    /// The structure.
    pub fn schema(&self) -> &MethodSchema {
        &self.schema
    }

    /// What a server publishes, and a caller compares.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Whether there is a type in it of which no more than the name is known, or which is written and read by code of its own.
    pub(crate) fn is_opaque(&self) -> bool {
        self.opaque
    }

    /// The same for people.
    pub fn text(&self) -> &str {
        &self.text
    }
}
