//! The structure of what travels, as data: what fingerprints are made of, and what a program knows of methods that it does not link.

mod json;
mod known;
mod method;
mod plain;
mod shape;
mod signature;
mod text;
mod types;

pub use self::{
    known::Schema,
    method::{Arg, KeyPart, MethodSchema},
    shape::{Body, Field, Fields, Named, Shape, Variant},
    signature::{ShapeOf, Signature},
    types::Types,
};
