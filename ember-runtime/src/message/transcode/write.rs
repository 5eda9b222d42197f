//! Writes JSON as whatever serializer writes a value of a certain shape.

use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap as _, SerializeSeq as _, SerializeStruct as _, SerializeTuple as _},
};
use serde_json::{Map, Value};

use super::{context::Context, plain};
use crate::message::schema::{Body, Field, Fields, Named, Shape, Variant};

/// JSON that is a value of a certain shape.
pub(super) struct Given<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) shape: &'a Shape,
    pub(super) value: &'a Value,
}

/// What is to stand there, and what does.
fn expected<E: serde::ser::Error>(what: &str, value: &Value) -> E {
    let found = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) => format!("the text {:?}", text.chars().take(40).collect::<String>()),
        Value::Array(all) => format!("a list of {}", all.len()),
        Value::Object(_) => "an object".to_owned(),
    };
    E::custom(format_args!("expected {what}, found {found}"))
}

fn list<E: serde::ser::Error>(value: &Value, length: Option<usize>) -> Result<&[Value], E> {
    match (value, length) {
        (Value::Array(all), None) => Ok(all),
        (Value::Array(all), Some(length)) if all.len() == length => Ok(all),
        (_, None) => Err(expected("a list", value)),
        (_, Some(length)) => Err(expected(&format!("a list of {length}"), value)),
    }
}

fn object<'a, E: serde::ser::Error>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, E> {
    value.as_object().ok_or_else(|| expected(what, value))
}

impl Serialize for Given<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { context, shape, value } = *self;
        match shape {
            Shape::Plain(name) => plain::write(name, value, serializer),
            Shape::Foreign(name) => Err(S::Error::custom(format_args!(
                "nothing is known of `{name}` but its name: only programs that have the type can write it"
            ))),
            Shape::Coded(codec, _) => Err(S::Error::custom(format_args!("the codec `{codec}` writes it"))),
            Shape::Stream(_) => Err(S::Error::custom("a stream is no value: it has many, one after the other")),
            Shape::Reverse(inner) => self.of(inner).serialize(serializer),
            Shape::Option(_) if value.is_null() => serializer.serialize_none(),
            Shape::Option(inner) => serializer.serialize_some(&self.of(inner)),
            Shape::Result(good, bad) => {
                let (label, inner) = self.single("an object with `Ok` or `Err`")?;
                let (index, shape) = match label {
                    "Ok" => (0, good),
                    "Err" => (1, bad),
                    _ => return Err(expected("an object with `Ok` or `Err`", value)),
                };
                let inner = Given { context, shape, value: inner };
                context.at_name(label, || serializer.serialize_newtype_variant("", index, "", &inner))
            }
            Shape::List(_, inner) => {
                let all = list(value, None)?;
                let mut writing = serializer.serialize_seq(Some(all.len()))?;
                for (index, value) in all.iter().enumerate() {
                    let element = Given { context, shape: inner, value };
                    context.at_index(index, || writing.serialize_element(&element))?;
                }
                writing.end()
            }
            Shape::Map(key, inner) => {
                let all = object(value, "an object")?;
                let mut writing = serializer.serialize_map(Some(all.len()))?;
                for (name, value) in all {
                    let key_value = self.key(key, name);
                    let key = Given { context, shape: key, value: &key_value };
                    let value = Given { context, shape: inner, value };
                    context.at_name(name, || {
                        writing.serialize_key(&key)?;
                        writing.serialize_value(&value)
                    })?;
                }
                writing.end()
            }
            Shape::Array(inner, length) => self.parts(std::iter::repeat_n(&**inner, *length), *length, serializer),
            Shape::Tuple(parts) => self.parts(parts.iter(), parts.len(), serializer),
            Shape::Range(_, inner) => {
                let all = object(value, "an object with `start` and `end`")?;
                let mut writing = serializer.serialize_struct("", 2)?;
                for name in ["start", "end"] {
                    let value = all.get(name).ok_or_else(|| expected("an object with `start` and `end`", value))?;
                    context.at_name(name, || writing.serialize_field(name, &Given { context, shape: inner, value }))?;
                }
                writing.end()
            }
            Shape::Named(number) => {
                context.with_named(*number, S::Error::custom, |named| self.named(named, serializer))
            }
        }
    }
}

impl<'a> Given<'a> {
    /// The same JSON as a value of another shape.
    fn of(&self, shape: &'a Shape) -> Self {
        Self { context: self.context, shape, value: self.value }
    }

    /// The key of a map, which in JSON is always text.
    fn key(&self, shape: &Shape, name: &str) -> Value {
        match self.context.plain(shape) {
            Shape::Plain(plain) if !plain::is_text(plain) => serde_json::from_str(name).unwrap_or_else(|_| name.into()),
            _ => name.into(),
        }
    }

    /// The only entry of an object.
    fn single<E: serde::ser::Error>(&self, what: &str) -> Result<(&'a str, &'a Value), E> {
        let mut all = object::<E>(self.value, what)?.iter();
        match (all.next(), all.next()) {
            (Some((label, inner)), None) => Ok((label, inner)),
            _ => Err(expected(what, self.value)),
        }
    }

    fn parts<S: Serializer>(
        &self,
        shapes: impl Iterator<Item = &'a Shape>,
        length: usize,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let context = self.context;
        let all = list(self.value, Some(length))?;
        let mut writing = serializer.serialize_tuple(length)?;
        for (index, (shape, value)) in shapes.zip(all).enumerate() {
            context.at_index(index, || writing.serialize_element(&Given { context, shape, value }))?;
        }
        writing.end()
    }

    fn named<S: Serializer>(&self, named: &'a Named, serializer: S) -> Result<S::Ok, S::Error> {
        plainly(&named.name, &named.options)?;
        match &named.body {
            Body::StandIn(shape) => self.of(shape).serialize(serializer),
            Body::Struct(fields) => self.fields(fields, &named.name, serializer),
            Body::Transparent(fields) => match fields.all() {
                [field] => self.field(field)?.serialize(serializer),
                _ => Err(S::Error::custom(format_args!("`{}` is written as one field, and has others", named.name))),
            },
            Body::Enum(variants) => self.variant(variants, &named.name, serializer),
        }
    }

    fn field<E: serde::ser::Error>(&self, field: &'a Field) -> Result<Self, E> {
        plainly(field.label(), &field.options)?;
        Ok(self.of(&field.shape))
    }

    fn fields<S: Serializer>(&self, fields: &'a Fields, name: &str, serializer: S) -> Result<S::Ok, S::Error> {
        match fields {
            Fields::Unit if self.value.is_null() => serializer.serialize_unit_struct(""),
            Fields::Unit => Err(expected("null", self.value)),
            Fields::Newtype(field) => serializer.serialize_newtype_struct("", &self.field(field)?),
            Fields::Numbered(fields) => self.numbered(fields, serializer),
            Fields::Named(fields) => {
                let values = self.by_name(fields, name)?;
                let mut writing = serializer.serialize_struct("", fields.len())?;
                for (field, value) in fields.iter().zip(values) {
                    let value = Given { context: self.context, shape: &field.shape, value };
                    self.context.at_name(field.label(), || {
                        plainly(field.label(), &field.options)?;
                        writing.serialize_field("", &value)
                    })?;
                }
                writing.end()
            }
        }
    }

    fn numbered<S: Serializer>(&self, fields: &'a [Field], serializer: S) -> Result<S::Ok, S::Error> {
        fields.iter().try_for_each(|field| plainly("a field", &field.options))?;
        self.parts(fields.iter().map(|field| &field.shape), fields.len(), serializer)
    }

    /// The values of the fields in their order. What is absent may be so if it is an `Option`.
    fn by_name<E: serde::ser::Error>(&self, fields: &'a [Field], name: &str) -> Result<Vec<&'a Value>, E> {
        let all = object::<E>(self.value, &format!("an object with the fields of `{name}`"))?;
        if let Some(strange) = all.keys().find(|key| !fields.iter().any(|field| field.label() == *key)) {
            let names: Vec<_> = fields.iter().map(|field| format!("`{}`", field.label())).collect();
            return Err(E::custom(format_args!("`{name}` has no field `{strange}`: it has {}", names.join(", "))));
        }
        let value = |field: &'a Field| match all.get(field.label()) {
            Some(value) => Ok(value),
            None if matches!(field.shape, Shape::Option(_)) => Ok(&Value::Null),
            None => Err(E::custom(format_args!("the field `{}` of `{name}` is missing", field.label()))),
        };
        fields.iter().map(value).collect()
    }

    /// `"Look"`, or `{ "Keep": 5 }`.
    fn variant<S: Serializer>(&self, variants: &'a [Variant], name: &str, serializer: S) -> Result<S::Ok, S::Error> {
        let context = self.context;
        let (label, content) = match self.value {
            Value::String(label) => (&**label, &Value::Null),
            Value::Object(_) => self.single(&format!("one variant of `{name}`"))?,
            _ => return Err(expected(&format!("a variant of `{name}`"), self.value)),
        };
        let Some((index, variant)) = variants.iter().enumerate().find(|(_, variant)| variant.label() == label) else {
            let names: Vec<_> = variants.iter().map(|variant| format!("`{}`", variant.label())).collect();
            let names = names.join(", ");
            return Err(S::Error::custom(format_args!("`{name}` has no variant `{label}`: it has {names}")));
        };
        let index = u32::try_from(index).map_err(S::Error::custom)?;
        context.at_name(label, || {
            plainly(label, &variant.options)?;
            let content = Given { context, shape: self.shape, value: content };
            match &variant.fields {
                Fields::Unit if content.value.is_null() => serializer.serialize_unit_variant("", index, ""),
                Fields::Unit => Err(expected(&format!("the text \"{label}\""), self.value)),
                fields => serializer.serialize_newtype_variant(
                    "",
                    index,
                    "",
                    &Content { given: content, fields, name: label },
                ),
            }
        })
    }
}

/// What a variant holds, which is written as a struct of these fields would be.
struct Content<'a> {
    given: Given<'a>,
    fields: &'a Fields,
    name: &'a str,
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let given = Given { context: self.given.context, shape: self.given.shape, value: self.given.value };
        match self.fields {
            Fields::Newtype(field) => given.field(field)?.serialize(serializer),
            fields => given.fields(fields, self.name, serializer),
        }
    }
}

/// Refuses what functions of its author's write.
fn plainly<E: serde::ser::Error>(name: &str, options: &str) -> Result<(), E> {
    if options.is_empty() {
        return Ok(());
    }
    Err(E::custom(format_args!("`{name}` is written by code of its own (`{options}`), which is not known here")))
}
