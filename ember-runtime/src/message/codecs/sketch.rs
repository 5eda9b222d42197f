//! The structure of types as text, and a method's signature made of it: what both sides of a call compare.

use std::{any::TypeId, fmt::Write as _, sync::OnceLock};

use crate::id::fnv1a;

/// Draws the structure of types as text. A type that has been drawn before is named with its number, so that recursive types
/// come to an end.
#[derive(Debug, Default)]
pub struct Sketch {
    text: String,
    drawn: Vec<TypeId>,
    /// Whether something has been written in each bracket that is open.
    begun: Vec<bool>,
    /// Whether there is something of which it is not known how it is written and read.
    opaque: bool,
}

impl Sketch {
    /// Appends text.
    pub fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Draws what is in brackets, such as `<` and `>`; its parts are set apart by [`part`](Self::part).
    pub fn brackets(&mut self, open: &str, close: &str, inside: fn(&mut Self)) {
        self.open(open);
        inside(self);
        self.close(close);
    }

    fn open(&mut self, open: &str) {
        self.text(open);
        self.begun.push(false);
    }

    fn close(&mut self, close: &str) {
        self.begun.pop();
        self.text(close);
    }

    /// Draws one of several parts.
    pub fn part(&mut self, part: fn(&mut Self)) {
        self.next();
        part(self);
    }

    /// Sets what follows apart from the part before.
    fn next(&mut self) {
        if let Some(begun) = self.begun.last_mut()
            && std::mem::replace(begun, true)
        {
            self.text(", ");
        }
    }

    /// Draws a type with a name, once. `attributes` is what else changes its bytes.
    pub fn named<T: ?Sized + 'static>(&mut self, name: &str, attributes: &str, inside: fn(&mut Self)) {
        self.once(TypeId::of::<T>(), name, attributes, inside);
    }

    fn once(&mut self, id: TypeId, name: &str, attributes: &str, inside: fn(&mut Self)) {
        self.text(name);
        if let Some(number) = self.drawn.iter().position(|drawn| *drawn == id) {
            let _ = write!(self.text, "#{number}");
            return;
        }
        self.drawn.push(id);
        self.attributes(attributes);
        inside(self);
    }

    /// Draws a field: `name: type`; without a name, its type alone.
    pub fn field(&mut self, name: &str, attributes: &str, ty: fn(&mut Self)) {
        self.next();
        self.text(name);
        if !name.is_empty() {
            self.text(": ");
        }
        ty(self);
        self.attributes(attributes);
    }

    /// Draws a variant of an enum.
    pub fn variant(&mut self, name: &str, attributes: &str, fields: fn(&mut Self)) {
        self.next();
        self.text(name);
        self.attributes(attributes);
        fields(self);
    }

    /// Draws a type of which nothing is known but its name.
    pub fn name_of<T: ?Sized>(&mut self) {
        self.opaque = true;
        self.path(std::any::type_name::<T>());
    }

    fn path(&mut self, path: &str) {
        self.text(&plain_name(path));
    }

    fn attributes(&mut self, attributes: &str) {
        if !attributes.is_empty() {
            self.opaque = true;
            let _ = write!(self.text, " [{attributes}]");
        }
    }
}

/// `alloc::vec::Vec<shop::Item>` → `Vec<Item>`: where a type is defined may change without harm.
fn plain_name(path: &str) -> String {
    let mut name = String::with_capacity(path.len());
    let mut segment = 0;
    for c in path.chars() {
        if c.is_alphanumeric() || c == '_' {
            name.push(c);
        } else if c == ':' {
            name.truncate(segment);
        } else {
            name.push(c);
            segment = name.len();
        }
    }
    name
}

/// The signature of a method: the structure of its arguments, value and error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    fingerprint: u64,
    text: String,
    opaque: bool,
}

impl Signature {
    /// Of the arguments and results that are drawn here.
    pub fn new(args: &[fn(&mut Sketch)], value: fn(&mut Sketch), error: Option<fn(&mut Sketch)>) -> Self {
        let mut sketch = Sketch::default();
        sketch.open("(");
        args.iter().for_each(|&arg| sketch.part(arg));
        sketch.close(")");
        sketch.text(" -> ");
        match error {
            None => value(&mut sketch),
            Some(error) => {
                sketch.open("Result<");
                sketch.part(value);
                sketch.part(error);
                sketch.close(">");
            }
        }
        Self { fingerprint: fnv1a(&sketch.text), text: sketch.text, opaque: sketch.opaque }
    }

    /// The one in `cell`, made when it is first asked for.
    pub fn lazily(cell: &OnceLock<Self>, make: fn() -> Self) -> &Self {
        cell.get_or_init(make)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_paths_and_keep_their_arguments() {
        assert_eq!(plain_name("alloc::vec::Vec<(u8, shop::Item)>"), "Vec<(u8, Item)>");
        assert_eq!(plain_name("[core::option::Option<a::b::C>; 4]"), "[Option<C>; 4]");
        assert_eq!(plain_name("u8"), "u8");
    }
}
