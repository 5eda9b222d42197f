//! Reads a value of a certain shape from whatever deserializer, as JSON.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{context::Context, plain};
use crate::message::schema::{Body, Field, Fields, Named, Shape, Variant};

/// A value of a certain shape.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) shape: &'a Shape,
}

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let Self { context, shape } = self;
        match shape {
            Shape::Plain(name) => plain::read(name, from),
            Shape::Foreign(name) => Err(D::Error::custom(format_args!(
                "nothing is known of `{name}` but its name: only programs that have the type can read it"
            ))),
            Shape::Coded(codec, _) => Err(D::Error::custom(format_args!("the codec `{codec}` reads it"))),
            Shape::Stream(_) => Err(D::Error::custom("a stream is no value: it has many, one after the other")),
            Shape::Reverse(inner) => self.of(inner).deserialize(from),
            Shape::Option(inner) => from.deserialize_option(Optional(self.of(inner))),
            Shape::Result(good, bad) => from.deserialize_enum("", &[], Either { context, good, bad }),
            Shape::List(_, inner) => from.deserialize_seq(List(self.of(inner))),
            Shape::Map(key, value) => from.deserialize_map(Entries { key: self.of(key), value: self.of(value) }),
            Shape::Array(inner, length) => {
                let parts = std::iter::repeat_n(&**inner, *length);
                from.deserialize_tuple(*length, Parts { context, parts, fields: None })
            }
            Shape::Tuple(parts) => {
                from.deserialize_tuple(parts.len(), Parts { context, parts: parts.iter(), fields: None })
            }
            Shape::Range(_, inner) => {
                let (parts, fields) = ([&**inner; 2].into_iter(), Some(vec!["start", "end"]));
                from.deserialize_tuple(2, Parts { context, parts, fields })
            }
            Shape::Named(number) => context.with_named(*number, D::Error::custom, |named| self.named(named, from)),
        }
    }
}

impl<'a> Wanted<'a> {
    fn of(self, shape: &'a Shape) -> Self {
        Self { context: self.context, shape }
    }

    fn named<'de, D: Deserializer<'de>>(self, named: &'a Named, from: D) -> Result<Value, D::Error> {
        plainly(&named.name, &named.options)?;
        match &named.body {
            Body::StandIn(shape) => self.of(shape).deserialize(from),
            Body::Struct(fields) => Held { context: self.context, fields }.deserialize(from),
            Body::Transparent(fields) => match fields.all() {
                [field] => self.of(&field.shape).deserialize(from),
                _ => Err(D::Error::custom(format_args!("`{}` is written as one field, and has others", named.name))),
            },
            Body::Enum(variants) => {
                from.deserialize_enum("", &[], Variants { context: self.context, variants, name: &named.name })
            }
        }
    }
}

/// The fields of a struct or of a variant.
#[derive(Clone, Copy)]
struct Held<'a> {
    context: &'a Context<'a>,
    fields: &'a Fields,
}

impl<'de> DeserializeSeed<'de> for Held<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let Self { context, fields } = self;
        fields.all().iter().try_for_each(|field| plainly(field.label(), &field.options))?;
        match fields {
            Fields::Unit => from.deserialize_unit_struct("", Nothing),
            Fields::Newtype(field) => {
                from.deserialize_newtype_struct("", Inside(Wanted { context, shape: &field.shape }))
            }
            Fields::Numbered(all) => from.deserialize_tuple(all.len(), parts(context, all, false)),
            Fields::Named(all) => from.deserialize_tuple(all.len(), parts(context, all, true)),
        }
    }
}

fn parts<'a>(context: &'a Context<'a>, all: &'a [Field], named: bool) -> Parts<'a, impl Iterator<Item = &'a Shape>> {
    let fields = named.then(|| all.iter().map(Field::label).collect());
    Parts { context, parts: all.iter().map(|field| &field.shape), fields }
}

fn expecting(f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
    f.write_str(what)
}

struct Nothing;

impl Visitor<'_> for Nothing {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "nothing")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

struct Inside<'a>(Wanted<'a>);

impl<'de> Visitor<'de> for Inside<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.0.deserialize(from)
    }
}

struct Optional<'a>(Wanted<'a>);

impl<'de> Visitor<'de> for Optional<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "a value, or none")
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.0.deserialize(from)
    }
}

struct List<'a>(Wanted<'a>);

impl<'de> Visitor<'de> for List<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = self.0.context.at_index(all.len(), || seq.next_element_seed(self.0))? {
            all.push(value);
        }
        Ok(Value::Array(all))
    }
}

struct Entries<'a> {
    key: Wanted<'a>,
    value: Wanted<'a>,
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(key) = map.next_key_seed(self.key)? {
            let key = match key {
                Value::String(text) => text,
                Value::Number(_) | Value::Bool(_) => key.to_string(),
                _ => return Err(A::Error::custom("the keys of a map are text in JSON, and these cannot be")),
            };
            let value = self.key.context.at_name(&key, || map.next_value_seed(self.value))?;
            all.insert(key, value);
        }
        Ok(Value::Object(all))
    }
}

/// So many parts after each other: as a list, or under their names.
struct Parts<'a, I> {
    context: &'a Context<'a>,
    parts: I,
    fields: Option<Vec<&'a str>>,
}

impl<'de, 'a, I: Iterator<Item = &'a Shape>> Visitor<'de> for Parts<'a, I> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "some values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let Self { context, parts, fields } = self;
        let mut next = |shape| {
            let value = seq.next_element_seed(Wanted { context, shape })?;
            value.ok_or_else(|| A::Error::custom("there are fewer values than the schema says"))
        };
        match fields {
            Some(names) => {
                let mut all = Map::new();
                for (name, shape) in names.into_iter().zip(parts) {
                    all.insert(name.to_owned(), context.at_name(name, || next(shape))?);
                }
                Ok(Value::Object(all))
            }
            None => {
                let parts = parts.enumerate().map(|(index, shape)| context.at_index(index, || next(shape)));
                Ok(Value::Array(parts.collect::<Result<_, _>>()?))
            }
        }
    }
}

fn tagged(label: &str, inner: Value) -> Value {
    Value::Object(Map::from_iter([(label.to_owned(), inner)]))
}

/// A `Result`.
struct Either<'a> {
    context: &'a Context<'a>,
    good: &'a Shape,
    bad: &'a Shape,
}

impl<'de> Visitor<'de> for Either<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "`Ok` or `Err`")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        let (Index(index), content) = access.variant()?;
        let (label, shape) = match index {
            0 => ("Ok", self.good),
            1 => ("Err", self.bad),
            _ => return Err(A::Error::custom("it is neither `Ok` nor `Err`")),
        };
        let context = self.context;
        let inner = context.at_name(label, || content.newtype_variant_seed(Wanted { context, shape }))?;
        Ok(tagged(label, inner))
    }
}

/// An enum.
struct Variants<'a> {
    context: &'a Context<'a>,
    variants: &'a [Variant],
    name: &'a str,
}

impl<'de> Visitor<'de> for Variants<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "a variant")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        let (Index(index), content) = access.variant()?;
        let variant = usize::try_from(index).ok().and_then(|index| self.variants.get(index));
        let unknown = || A::Error::custom(format_args!("`{}` has no variant with the number {index}", self.name));
        let variant = variant.ok_or_else(unknown)?;
        let (context, label, fields) = (self.context, variant.label(), &variant.fields);
        context.at_name(label, || {
            plainly(label, &variant.options)?;
            fields.all().iter().try_for_each(|field| plainly(field.label(), &field.options))?;
            match fields {
                Fields::Unit => content.unit_variant().map(|()| Value::String(label.to_owned())),
                Fields::Newtype(field) => {
                    let inner = content.newtype_variant_seed(Wanted { context, shape: &field.shape })?;
                    Ok(tagged(label, inner))
                }
                Fields::Numbered(all) => {
                    content.tuple_variant(all.len(), parts(context, all, false)).map(|inner| tagged(label, inner))
                }
                Fields::Named(all) => {
                    content.tuple_variant(all.len(), parts(context, all, true)).map(|inner| tagged(label, inner))
                }
            }
        })
    }
}

/// The number of a variant.
struct Index(u32);

impl<'de> Deserialize<'de> for Index {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        u32::deserialize(from).map(Self)
    }
}

/// Refuses what functions of its author's read.
fn plainly<E: serde::de::Error>(name: &str, options: &str) -> Result<(), E> {
    if options.is_empty() {
        return Ok(());
    }
    Err(E::custom(format_args!("`{name}` is read by code of its own (`{options}`), which is not known here")))
}
