//! The structure of types as data.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Text of a program, or of another one.
pub(crate) type Text = Cow<'static, str>;

/// The structure of a type, as far as it matters to how it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Shape {
    /// What everybody knows by its name: `u32`, `String`, `Duration`, and `()`.
    Plain(Text),
    /// It may be absent.
    Option(Box<Self>),
    /// One or the other.
    Result(Box<Self>, Box<Self>),
    /// Any number of the same: a `Vec`, `VecDeque`, `LinkedList`, `BinaryHeap` or `Set`.
    List(Text, Box<Self>),
    /// Keys and values.
    Map(Box<Self>, Box<Self>),
    /// A certain number of the same.
    Array(Box<Self>, usize),
    /// Some after each other.
    Tuple(Vec<Self>),
    /// A `Range` or `RangeInclusive` of these.
    Range(Text, Box<Self>),
    /// What stands in a `Reverse`.
    Reverse(Box<Self>),
    /// One of the [named types](Named), by its place.
    Named(usize),
    /// A type of which nothing is known but its name, or what is said here.
    Foreign(Text),
    /// What a codec of its own writes and reads. Nothing more is known if the codec bridges differences.
    Coded(Text, Box<Self>),
    /// Any number of the same, one after the other in their own time: what a method returns that streams.
    Stream(Box<Self>),
}

/// A type with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Named {
    /// The name, without a path and arguments.
    pub name: Text,
    /// Options of serde that may change the bytes, as text.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub options: Text,
    /// What its author says of it.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub docs: Text,
    /// What it consists of.
    pub body: Body,
}

/// What a type consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Body {
    /// Another type stands for it.
    StandIn(Shape),
    /// A struct.
    Struct(Fields),
    /// A struct of one field that is written as that.
    Transparent(Fields),
    /// An enum.
    Enum(Vec<Variant>),
}

/// The fields of a struct or of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fields {
    /// `{ a: u8, b: u8 }`.
    Named(Vec<Field>),
    /// `(u8, u8)`.
    Numbered(Vec<Field>),
    /// `(u8)`: it is written as what it holds.
    Newtype(Box<Field>),
    /// None.
    Unit,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Field {
    /// Its name in Rust; empty for one that is numbered.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub name: Text,
    /// What it is called where fields have names, such as in JSON, if that is something else.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub renamed: Text,
    /// Options of serde that may change the bytes, as text.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub options: Text,
    /// What its author says of it.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub docs: Text,
    /// What it holds.
    pub shape: Shape,
}

/// A variant of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Variant {
    /// Its name in Rust.
    pub name: Text,
    /// What it is called where variants have names, such as in JSON, if that is something else.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub renamed: Text,
    /// Options of serde that may change the bytes, as text.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub options: Text,
    /// What its author says of it.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub docs: Text,
    /// What it holds.
    pub fields: Fields,
}

impl Shape {
    /// A type of which nothing is known but its name.
    pub fn name_of<T: ?Sized>() -> Self {
        Self::Foreign(plain_name(std::any::type_name::<T>()).into())
    }
}

impl Fields {
    /// All of them, in their order.
    pub fn all(&self) -> &[Field] {
        match self {
            Self::Named(fields) | Self::Numbered(fields) => fields,
            Self::Newtype(field) => std::slice::from_ref(field),
            Self::Unit => &[],
        }
    }
}

impl Field {
    /// One with a name; with an empty one it is numbered.
    pub const fn new(name: &'static str, shape: Shape) -> Self {
        let none = Cow::Borrowed("");
        Self { name: Cow::Borrowed(name), renamed: Cow::Borrowed(""), options: Cow::Borrowed(""), docs: none, shape }
    }

    /// The same, called so in JSON.
    #[must_use]
    pub fn renamed(mut self, renamed: &'static str) -> Self {
        self.renamed = renamed.into();
        self
    }

    /// The same, with options of serde that may change the bytes.
    #[must_use]
    pub fn options(mut self, options: &'static str) -> Self {
        self.options = options.into();
        self
    }

    /// The same, with what its author says of it.
    #[must_use]
    pub fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs.into();
        self
    }

    /// What it is called where fields have names.
    pub fn label(&self) -> &str {
        if self.renamed.is_empty() { &self.name } else { &self.renamed }
    }
}

impl Variant {
    /// One with these fields.
    pub const fn new(name: &'static str, fields: Fields) -> Self {
        let none = Cow::Borrowed("");
        Self { name: Cow::Borrowed(name), renamed: Cow::Borrowed(""), options: Cow::Borrowed(""), docs: none, fields }
    }

    /// The same, called so in JSON.
    #[must_use]
    pub fn renamed(mut self, renamed: &'static str) -> Self {
        self.renamed = renamed.into();
        self
    }

    /// The same, with options of serde that may change the bytes.
    #[must_use]
    pub fn options(mut self, options: &'static str) -> Self {
        self.options = options.into();
        self
    }

    /// The same, with what its author says of it.
    #[must_use]
    pub fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs.into();
        self
    }

    /// What it is called where variants have names.
    pub fn label(&self) -> &str {
        if self.renamed.is_empty() { &self.name } else { &self.renamed }
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
