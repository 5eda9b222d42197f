//! The key of a call whose arguments are JSON.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{context::Context, write::Given};
use crate::{
    id::xxh3,
    message::{
        format::{self, CodecError},
        schema::{Body, Field, Fields, MethodSchema, Named, Shape},
    },
};

/// Types of a schema that lies may hold each other without end.
const DEEPEST: u16 = 256;

/// The key of a call with these arguments, hashed as callers do that link its types; `None` if the method has none. `args` fit the schema.
///
/// # Errors
/// It cannot be found, or not be written as such callers write it.
pub(crate) fn key_from_json(schema: &MethodSchema, args: &Value) -> Result<Option<u64>, CodecError> {
    let Some(key) = &schema.key else { return Ok(None) };
    let wrong =
        |why: &str| CodecError::new(format!("the key `{}` of the method cannot be taken from JSON: {why}", key.path));
    let mut steps = key.path.split('.');
    let (mut shape, mut value) = argument(schema, args, steps.next().unwrap_or_default()).ok_or_else(|| wrong(LOST))?;
    for step in steps {
        (shape, value) = part(&schema.types, shape, value, step).ok_or_else(|| wrong(LOST))?;
    }
    Canonical { named: &schema.types, seen: BTreeSet::new(), deeper: DEEPEST }.shape(&key.shape).map_err(wrong)?;
    let context = Context::of(&schema.types);
    let mut bytes = Vec::new();
    format::append(&Given { context: &context, shape: &key.shape, value }, &mut bytes)
        .map_err(|error| wrong(&error.to_string()))?;
    Ok(Some(xxh3(&bytes)))
}

/// Why a key is not found.
const LOST: &str = "of what holds it, JSON has another form, which only programs know that link its types";

static ABSENT: Value = Value::Null;

fn argument<'a>(schema: &'a MethodSchema, args: &'a Value, name: &str) -> Option<(&'a Shape, &'a Value)> {
    let place = schema.args.iter().position(|arg| arg.name == name)?;
    let value = match args {
        Value::Array(given) => given.get(place)?,
        given => given.get(name).unwrap_or(&ABSENT),
    };
    Some((&schema.args[place].shape, value))
}

/// A field of a value.
fn part<'a>(named: &'a [Named], shape: &'a Shape, value: &'a Value, step: &str) -> Option<(&'a Shape, &'a Value)> {
    let number = step.parse::<usize>().ok();
    match shape {
        Shape::Tuple(parts) => Some((parts.get(number?)?, value.get(number?)?)),
        Shape::Reverse(inner) if number == Some(0) => Some((inner, value)),
        Shape::Named(place) => match &named.get(*place)?.body {
            Body::Transparent(fields) => {
                let field = |field: &&Field| *field.name == *step || field.name.is_empty() && number == Some(0);
                fields.all().iter().find(field).map(|field| (&field.shape, value))
            }
            Body::Struct(Fields::Named(fields)) => {
                let field = fields.iter().find(|field| field.name == step)?;
                Some((&field.shape, value.get(field.label()).unwrap_or(&ABSENT)))
            }
            Body::Struct(Fields::Numbered(fields)) => Some((&fields.get(number?)?.shape, value.get(number?)?)),
            Body::Struct(Fields::Newtype(field)) if number == Some(0) => Some((&field.shape, value)),
            _ => None,
        },
        _ => None,
    }
}

/// Looks whether a value has one form only, in JSON as in Rust: else two callers would find two keys for what is the same.
struct Canonical<'a> {
    named: &'a [Named],
    /// Named types that are looked at already.
    seen: BTreeSet<usize>,
    deeper: u16,
}

impl Canonical<'_> {
    fn shape(&mut self, shape: &Shape) -> Result<(), &'static str> {
        self.deeper = self.deeper.checked_sub(1).ok_or("its types hold each other too deeply")?;
        self.of(shape)?;
        self.deeper += 1;
        Ok(())
    }

    fn of(&mut self, shape: &Shape) -> Result<(), &'static str> {
        match shape {
            Shape::Plain(_) => Ok(()),
            Shape::Foreign(_) | Shape::Coded(..) | Shape::Stream(_) => {
                Err("of a type in it no more than the name is known here")
            }
            Shape::Map(..) => Err("it holds a map, whose entries have no order in JSON"),
            Shape::List(kind, _) if !["Vec", "VecDeque", "LinkedList"].contains(&&**kind) => {
                Err("it holds a set, whose elements have no order in JSON")
            }
            Shape::Option(inner)
            | Shape::List(_, inner)
            | Shape::Array(inner, _)
            | Shape::Range(_, inner)
            | Shape::Reverse(inner) => self.shape(inner),
            Shape::Result(one, other) => {
                self.shape(one)?;
                self.shape(other)
            }
            Shape::Tuple(parts) => parts.iter().try_for_each(|part| self.shape(part)),
            Shape::Named(place) if !self.seen.insert(*place) => Ok(()),
            Shape::Named(place) => match self.named.get(*place).map(|it| &it.body) {
                Some(Body::Struct(fields) | Body::Transparent(fields)) => self.fields(fields),
                Some(Body::Enum(variants)) => variants.iter().try_for_each(|variant| self.fields(&variant.fields)),
                Some(Body::StandIn(_)) => Err(
                    "another type stands for it, or for a part of it, and may write what is the same in several ways",
                ),
                None => Err("the schema names a type that it does not hold"),
            },
        }
    }

    fn fields(&mut self, fields: &Fields) -> Result<(), &'static str> {
        fields.all().iter().try_for_each(|field| self.shape(&field.shape))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

    use serde_json::json;

    use super::*;
    use crate::message::{
        CallKey, key_hash,
        schema::{Schema, Signature, Types, Variant},
    };

    fn key<T: Schema>(path: &'static str, shape: fn(&mut Types) -> Shape, args: &Value) -> Result<u64, String> {
        let signature = Signature::keyed(&[("at", u8::shape), ("req", T::shape)], <()>::shape, None, (path, shape));
        let key = key_from_json(signature.schema(), args).map_err(|error| error.to_string())?;
        Ok(key.expect("it has one"))
    }

    fn hash(key: impl CallKey) -> Result<u64, String> {
        Ok(key_hash(&key).unwrap())
    }

    #[test]
    fn a_key_is_found_in_lists_and_objects_and_may_be_left_out_if_it_is_optional() {
        type Req = (u8, Option<(String, i64)>);
        let whole = json!([1, [9, ["ann", -3]]]);
        assert_eq!(key::<Req>("req.1", Option::<(String, i64)>::shape, &whole), hash(Some(("ann", -3_i64))));
        assert_eq!(key::<Req>("at", u8::shape, &json!({ "at": 200 })), hash(200_u8));
        assert_eq!(key::<Option<u64>>("req", Option::<u64>::shape, &json!({ "at": 1 })), hash(None::<u64>));
        assert_eq!(key::<u64>("req", u64::shape, &json!([1, u64::MAX])), hash(u64::MAX));
    }

    #[test]
    fn what_may_be_written_in_several_ways_is_refused_however_deep_it_is() {
        fn foreign(_: &mut Types) -> Shape {
            Shape::Foreign("Uuid".into())
        }
        fn stands(types: &mut Types) -> Shape {
            types.named::<u8>("Name", "", "", |types| Body::StandIn(String::shape(types)))
        }
        fn deep(types: &mut Types) -> Shape {
            Shape::Option(Box::new(Shape::Tuple(vec![u8::shape(types), BTreeSet::<u8>::shape(types)])))
        }
        let refused = [
            (BTreeMap::<u8, u8>::shape as fn(&mut Types) -> Shape, "holds a map"),
            (BTreeSet::<u8>::shape, "holds a set"),
            (BinaryHeap::<u8>::shape, "holds a set"),
            (deep, "holds a set"),
            (stands, "another type stands for it"),
            (foreign, "no more than the name"),
        ];
        for (shape, why) in refused {
            let error = key::<u8>("req", shape, &json!([1, "x"])).unwrap_err();
            assert!(
                error.starts_with("the key `req` of the method cannot be taken from JSON: ") && error.contains(why),
                "{error}"
            );
        }
        assert!(key::<u8>("req.id", u8::shape, &json!([1, { "id": 1 }])).unwrap_err().contains(LOST));
        assert!(key::<u8>("req", u8::shape, &json!([1, "seven"])).is_err());
    }

    #[test]
    fn types_that_hold_each_other_come_to_an_end() {
        fn tree(types: &mut Types) -> Shape {
            types.named::<u16>("Tree", "", "", |types| {
                let of_two = vec![Field::new("", tree(types)), Field::new("", tree(types))];
                let leaf = Fields::Newtype(Box::new(Field::new("", u8::shape(types))));
                Body::Enum(vec![Variant::new("Leaf", leaf), Variant::new("Fork", Fields::Numbered(of_two))])
            })
        }
        let forked = json!([1, { "Fork": [{ "Leaf": 1 }, { "Fork": [{ "Leaf": 2 }, { "Leaf": 3 }] }] }]);
        assert!(key::<u8>("req", tree, &forked).is_ok());
        let mut lying = Signature::keyed(&[("req", u8::shape)], <()>::shape, None, ("req", u8::shape)).schema().clone();
        lying.types = (1..2_000)
            .map(|next| Named {
                name: "Link".into(),
                options: "".into(),
                docs: "".into(),
                body: Body::Transparent(Fields::Newtype(Box::new(Field::new("", Shape::Named(next))))),
            })
            .collect();
        lying.key.as_mut().expect("it has one").shape = Shape::Named(0);
        assert!(key_from_json(&lying, &json!([1])).unwrap_err().to_string().contains("too deeply"));
        lying.key.as_mut().expect("it has one").path = "req.0.1.x".into();
        assert!(key_from_json(&lying, &json!([1])).is_err());
    }
}
