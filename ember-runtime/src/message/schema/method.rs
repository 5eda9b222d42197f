//! The schema of a method: the structure of what it takes and returns.

use serde::{Deserialize, Serialize};

use super::shape::{Body, Field, Fields, Named, Shape, Text};

/// The structure of what a method takes and returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodSchema {
    /// The arguments.
    pub args: Vec<Arg>,
    /// What it returns when it succeeds.
    pub value: Shape,
    /// The error that it may return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Shape>,
    /// By what its calls are ordered and placed, if its contract says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyPart>,
    /// The types with names that occur in it: [`Shape::Named`] is a place in this list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Named>,
}

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Arg {
    /// Its name where the method is defined.
    pub name: Text,
    /// What it holds.
    pub shape: Shape,
}

/// The argument, or the part of one, that is the key of a method's calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeyPart {
    /// The way to it: the argument's name, and those of fields in Rust, or their numbers: `req.player`.
    pub path: Text,
    /// What it holds: the hash is that of its postcard bytes.
    pub shape: Shape,
}

impl MethodSchema {
    /// Whether it returns a stream.
    pub fn is_streaming(&self) -> bool {
        matches!(self.value, Shape::Stream(_))
    }

    /// Whether there is a type in it of which no more than the name is known, or which is written and read by code of its own.
    pub(super) fn is_opaque(&self) -> bool {
        let top = self.args.iter().map(|arg| &arg.shape).chain([&self.value]).chain(&self.error);
        top.into_iter().any(is_opaque) || self.types.iter().any(is_strange)
    }
}

fn is_opaque(shape: &Shape) -> bool {
    match shape {
        Shape::Plain(_) | Shape::Named(_) => false,
        Shape::Foreign(_) => true,
        Shape::Option(inner)
        | Shape::List(_, inner)
        | Shape::Array(inner, _)
        | Shape::Range(_, inner)
        | Shape::Reverse(inner)
        | Shape::Stream(inner)
        | Shape::Coded(_, inner) => is_opaque(inner),
        Shape::Result(one, other) | Shape::Map(one, other) => is_opaque(one) || is_opaque(other),
        Shape::Tuple(parts) => parts.iter().any(is_opaque),
    }
}

fn is_strange(named: &Named) -> bool {
    let field = |field: &Field| !field.options.is_empty() || is_opaque(&field.shape);
    let fields = |fields: &Fields| fields.all().iter().any(field);
    !named.options.is_empty()
        || match &named.body {
            Body::StandIn(shape) => is_opaque(shape),
            Body::Struct(all) | Body::Transparent(all) => fields(all),
            Body::Enum(variants) => variants.iter().any(|it| !it.options.is_empty() || fields(&it.fields)),
        }
}
