//! A schema as JSON Schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    method::MethodSchema,
    plain,
    shape::{Body, Field, Fields, Named, Shape, Variant},
};

/// The dialect that is written.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

impl MethodSchema {
    /// JSON Schema (2020-12) of an object with the arguments by their names.
    pub fn json_schema_of_args(&self) -> Value {
        let mut all = Drawn::of(&self.types);
        let args = self.args.iter().map(|arg| (&*arg.name, &arg.shape));
        let args = object(args.map(|(name, shape)| (name.to_owned(), all.shape(shape), !is_optional(shape))));
        all.whole(args)
    }

    /// JSON Schema (2020-12) of what it returns when it succeeds.
    pub fn json_schema_of_value(&self) -> Value {
        let mut all = Drawn::of(&self.types);
        let value = all.shape(&self.value);
        all.whole(value)
    }

    /// JSON Schema (2020-12) of the error that it may return, if there is one.
    pub fn json_schema_of_error(&self) -> Option<Value> {
        let mut all = Drawn::of(&self.types);
        let error = all.shape(self.error.as_ref()?);
        Some(all.whole(error))
    }
}

/// Named types become definitions, of which each is written once.
struct Drawn<'a> {
    named: &'a [Named],
    used: BTreeSet<usize>,
}

impl<'a> Drawn<'a> {
    fn of(named: &'a [Named]) -> Self {
        Self { named, used: BTreeSet::new() }
    }

    /// `schema`, with the definitions that it needs.
    fn whole(mut self, schema: Value) -> Value {
        let mut definitions = Map::new();
        while let Some(number) = self.used.iter().copied().find(|number| !definitions.contains_key(&self.key(*number)))
        {
            let definition = self.named.get(number).map_or(json!(true), |named| self.named(named));
            definitions.insert(self.key(number), definition);
        }
        let mut whole = json!({ "$schema": DIALECT });
        extend(&mut whole, schema);
        if !definitions.is_empty() {
            extend(&mut whole, json!({ "$defs": definitions }));
        }
        whole
    }

    /// Types of one name are told apart by their places.
    fn key(&self, number: usize) -> String {
        let name = self.named.get(number).map_or("", |named| &named.name);
        let first = self.named.iter().position(|named| named.name == name);
        if first == Some(number) { name.to_owned() } else { format!("{name}-{number}") }
    }

    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Plain(name) => plain::json_schema(name).unwrap_or_else(|| anything(name)),
            Shape::Foreign(name) => anything(name),
            Shape::Coded(_, inner) | Shape::Reverse(inner) => self.shape(inner),
            Shape::Option(inner) => json!({ "anyOf": [self.shape(inner), { "type": "null" }] }),
            Shape::Result(value, error) => {
                json!({ "oneOf": [tagged("Ok", self.shape(value)), tagged("Err", self.shape(error))] })
            }
            Shape::List(name, inner) if name == "Set" => {
                json!({ "type": "array", "items": self.shape(inner), "uniqueItems": true })
            }
            Shape::List(_, inner) => json!({ "type": "array", "items": self.shape(inner) }),
            Shape::Stream(inner) => json!({ "title": "Stream", "type": "array", "items": self.shape(inner) }),
            Shape::Map(_, value) => json!({ "type": "object", "additionalProperties": self.shape(value) }),
            Shape::Array(inner, length) => {
                json!({ "type": "array", "items": self.shape(inner), "minItems": length, "maxItems": length })
            }
            Shape::Tuple(parts) => self.tuple(parts.iter()),
            Shape::Range(_, inner) => {
                let end = self.shape(inner);
                object([("start".to_owned(), end.clone(), true), ("end".to_owned(), end, true)])
            }
            Shape::Named(number) => {
                self.used.insert(*number);
                json!({ "$ref": format!("#/$defs/{}", self.key(*number)) })
            }
        }
    }

    fn tuple<'s>(&mut self, parts: impl Iterator<Item = &'s Shape>) -> Value {
        let parts: Vec<_> = parts.map(|part| self.shape(part)).collect();
        let count = parts.len();
        json!({ "type": "array", "prefixItems": parts, "minItems": count, "maxItems": count })
    }

    fn named(&mut self, Named { options, docs, body, .. }: &Named) -> Value {
        let schema = match body {
            // What code of its own writes may be anything.
            _ if !options.is_empty() => json!({}),
            Body::StandIn(shape) => self.shape(shape),
            Body::Transparent(fields) => {
                fields.all().first().map_or(json!({ "type": "null" }), |field| self.field(field))
            }
            Body::Struct(fields) => self.fields(fields),
            Body::Enum(variants) => {
                let variants: Vec<_> = variants.iter().map(|variant| self.variant(variant)).collect();
                json!({ "oneOf": variants })
            }
        };
        described(schema, docs)
    }

    fn fields(&mut self, fields: &Fields) -> Value {
        match fields {
            Fields::Named(fields) => object(fields.iter().map(|field| {
                (field.label().to_owned(), self.field(field), !is_optional(&field.shape) && field.options.is_empty())
            })),
            Fields::Newtype(field) => self.field(field),
            Fields::Numbered(fields) => self.tuple(fields.iter().map(|field| &field.shape)),
            Fields::Unit => json!({ "type": "null" }),
        }
    }

    fn field(&mut self, field: &Field) -> Value {
        let schema = if field.options.is_empty() { self.shape(&field.shape) } else { json!({}) };
        described(schema, &field.docs)
    }

    fn variant(&mut self, variant: &Variant) -> Value {
        let schema = match &variant.fields {
            _ if !variant.options.is_empty() => json!({}),
            Fields::Unit => json!({ "const": variant.label() }),
            fields => tagged(variant.label(), self.fields(fields)),
        };
        described(schema, &variant.docs)
    }
}

fn is_optional(shape: &Shape) -> bool {
    matches!(shape, Shape::Option(_))
}

/// What is known by its name only may be anything.
fn anything(name: &str) -> Value {
    json!({ "title": name })
}

fn described(mut schema: Value, docs: &str) -> Value {
    if !docs.is_empty() {
        extend(&mut schema, json!({ "description": docs }));
    }
    schema
}

fn tagged(tag: &str, inner: Value) -> Value {
    let mut schema = object([(tag.to_owned(), inner, true)]);
    extend(&mut schema, json!({ "additionalProperties": false }));
    schema
}

fn object(properties: impl IntoIterator<Item = (String, Value, bool)>) -> Value {
    let (mut all, mut required) = (Map::new(), Vec::new());
    for (name, schema, is_required) in properties {
        if is_required {
            required.push(name.clone());
        }
        all.insert(name, schema);
    }
    json!({ "type": "object", "properties": all, "required": required })
}

fn extend(schema: &mut Value, more: Value) {
    if let (Value::Object(all), Value::Object(more)) = (schema, more) {
        all.extend(more);
    }
}
