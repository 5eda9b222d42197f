//! A schema as text: what both sides of a call compare.

use std::fmt::Write as _;

use super::{
    method::MethodSchema,
    shape::{Body, Field, Fields, Named, Shape, Variant},
};

/// The structure of what a method takes and returns. A named type that has been written before is named with its number.
pub(super) fn text(schema: &MethodSchema) -> String {
    let mut writer = Writer { named: &schema.types, written: vec![false; schema.types.len()], text: String::new() };
    writer.parts("(", ")", &schema.args, |writer, arg| writer.shape(&arg.shape));
    if let Some(key) = &schema.key {
        let _ = write!(writer.text, " by {}: ", key.path);
        writer.shape(&key.shape);
    }
    writer.push(" -> ");
    match &schema.error {
        None => writer.shape(&schema.value),
        Some(error) => writer.parts("Result<", ">", &[&schema.value, error], |writer, shape| writer.shape(shape)),
    }
    writer.text
}

struct Writer<'a> {
    named: &'a [Named],
    written: Vec<bool>,
    text: String,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Parts in brackets, set apart.
    fn parts<T>(&mut self, open: &str, close: &str, parts: &[T], part: impl Fn(&mut Self, &T)) {
        self.push(open);
        for (number, it) in parts.iter().enumerate() {
            if number > 0 {
                self.push(", ");
            }
            part(self, it);
        }
        self.push(close);
    }

    fn shape(&mut self, shape: &Shape) {
        let one = |writer: &mut Self, open: &str, inner: &Shape| {
            writer.push(open);
            writer.push("<");
            writer.shape(inner);
            writer.push(">");
        };
        match shape {
            Shape::Plain(name) | Shape::Foreign(name) => self.push(name),
            Shape::Option(inner) => one(self, "Option", inner),
            Shape::Reverse(inner) => one(self, "Reverse", inner),
            Shape::Stream(inner) => one(self, "Stream", inner),
            Shape::List(name, inner) | Shape::Range(name, inner) => one(self, name, inner),
            Shape::Result(value, error) => self.parts("Result<", ">", &[value, error], |it, shape| it.shape(shape)),
            Shape::Map(key, value) => self.parts("Map<", ">", &[key, value], |it, shape| it.shape(shape)),
            Shape::Tuple(parts) => self.parts("(", ")", parts, Self::shape),
            Shape::Array(inner, length) => {
                self.push("[");
                self.shape(inner);
                let _ = write!(self.text, "; {length}]");
            }
            Shape::Coded(codec, inner) => {
                self.push(codec);
                self.push(":");
                self.shape(inner);
            }
            Shape::Named(number) => self.named(*number),
        }
    }

    fn named(&mut self, number: usize) {
        let Some(Named { name, options, body, .. }) = self.named.get(number) else { return };
        self.push(name);
        if std::mem::replace(&mut self.written[number], true) {
            let _ = write!(self.text, "#{number}");
            return;
        }
        self.options(options);
        match body {
            Body::StandIn(shape) => self.parts("(", ")", &[shape], |writer, shape| writer.shape(shape)),
            Body::Struct(fields) | Body::Transparent(fields) => self.fields(fields),
            Body::Enum(variants) => self.parts(" = ", "", variants, |writer, Variant { name, options, fields, .. }| {
                writer.push(name);
                writer.options(options);
                writer.fields(fields);
            }),
        }
    }

    fn fields(&mut self, fields: &Fields) {
        let field = |writer: &mut Self, Field { name, options, shape, .. }: &Field| {
            writer.push(name);
            if !name.is_empty() {
                writer.push(": ");
            }
            writer.shape(shape);
            writer.options(options);
        };
        match fields {
            Fields::Named(fields) => self.parts(" { ", " }", fields, field),
            Fields::Numbered(_) | Fields::Newtype(_) => self.parts("(", ")", fields.all(), field),
            Fields::Unit => {}
        }
    }

    fn options(&mut self, options: &str) {
        if !options.is_empty() {
            let _ = write!(self.text, " [{options}]");
        }
    }
}
