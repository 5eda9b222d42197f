//! The named types of a schema, as they are found.

use std::any::TypeId;

use super::shape::{Body, Fields, Named, Shape, Text};

/// The named types that have been found so far. Each stands here once, so that recursive types come to an end.
#[derive(Debug, Default)]
pub struct Types {
    ids: Vec<TypeId>,
    named: Vec<Named>,
}

impl Types {
    /// A type with a name of its own. `body` says what it consists of, and is asked once. `options` are those of serde that may change
    /// the bytes, `docs` what the author says of it.
    pub fn named<T: ?Sized + 'static>(
        &mut self,
        name: &'static str,
        options: &'static str,
        docs: &'static str,
        body: fn(&mut Self) -> Body,
    ) -> Shape {
        let id = TypeId::of::<T>();
        if let Some(number) = self.ids.iter().position(|known| *known == id) {
            return Shape::Named(number);
        }
        let number = self.ids.len();
        self.ids.push(id);
        let of_the = |text: &'static str| Text::Borrowed(text);
        let (name, options, docs) = (of_the(name), of_the(options), of_the(docs));
        // Its place is taken before those of the types within it.
        self.named.push(Named { name, options, docs, body: Body::Struct(Fields::Unit) });
        self.named[number].body = body(self);
        Shape::Named(number)
    }

    pub(super) fn into_named(self) -> Vec<Named> {
        self.named
    }
}
