//! Values of a shape.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::{
    message::schema::{Body, Field, Fields, Named, Shape},
    rng::Rng,
};

/// Types that hold themselves end here.
const DEEPEST: usize = 8;

/// What values may be.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) numbers: RangeInclusive<i64>,
    /// So many characters or entries at most.
    pub(super) longest: usize,
    /// One of these under a name.
    pub(super) among: Vec<(String, Vec<Value>)>,
}

/// Draws values.
pub(super) struct Values<'a> {
    pub(super) limits: &'a Limits,
    pub(super) rng: &'a Rng,
    pub(super) types: &'a [Named],
}

impl Values<'_> {
    /// What stands under a name.
    pub(super) fn named(&self, name: &str, shape: &Shape, depth: usize) -> Option<Value> {
        match self.limits.among.iter().find(|(it, _)| it == name) {
            Some((_, values)) => values.get(self.rng.below(values.len())).cloned(),
            None => self.value(shape, depth),
        }
    }

    fn value(&self, shape: &Shape, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        let deeper = |inner: &Shape| self.value(inner, depth + 1);
        let some = |inner: &Shape| (0..self.rng.below(self.limits.longest + 1)).map_while(|_| deeper(inner)).collect();
        Some(match shape {
            Shape::Plain(name) => self.plain(name)?,
            Shape::Option(inner) if self.rng.below(2) == 0 => deeper(inner).unwrap_or(Value::Null),
            Shape::Option(_) => Value::Null,
            Shape::Result(good, _) if self.rng.below(2) == 0 => json!({ "Ok": deeper(good)? }),
            Shape::Result(_, bad) => json!({ "Err": deeper(bad)? }),
            Shape::List(_, inner) => Value::Array(some(inner)),
            Shape::Map(key, inner) => {
                let keys: Vec<Value> = some(key);
                let written = |key: Value| key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                let each: Option<Map<_, _>> =
                    keys.into_iter().map(|key| Some((written(key), deeper(inner)?))).collect();
                Value::Object(each?)
            }
            Shape::Array(inner, length) => (0..*length).map(|_| deeper(inner)).collect::<Option<_>>()?,
            Shape::Tuple(parts) => parts.iter().map(deeper).collect::<Option<_>>()?,
            Shape::Range(_, inner) => json!({ "start": deeper(inner)?, "end": deeper(inner)? }),
            Shape::Reverse(inner) => deeper(inner)?,
            Shape::Named(place) => self.body(self.types.get(*place)?, depth)?,
            // Whoever wrote such a type knows what it may hold; a schema does not.
            _ => return None,
        })
    }

    fn body(&self, named: &Named, depth: usize) -> Option<Value> {
        if !named.options.is_empty() {
            return None;
        }
        match &named.body {
            Body::StandIn(shape) => self.value(shape, depth + 1),
            Body::Struct(fields) => self.fields(fields, depth),
            Body::Transparent(fields) => self.field(fields.all().first()?, depth),
            Body::Enum(variants) => {
                let first = self.rng.below(variants.len());
                let tried = variants.iter().cycle().skip(first).take(variants.len());
                let plain = tried.filter(|it| it.options.is_empty());
                plain.into_iter().find_map(|variant| match &variant.fields {
                    Fields::Unit => Some(variant.label().into()),
                    fields => Some(json!({ variant.label(): self.fields(fields, depth)? })),
                })
            }
            #[allow(unreachable_patterns, reason = "there may be more kinds of types")]
            _ => None,
        }
    }

    fn fields(&self, fields: &Fields, depth: usize) -> Option<Value> {
        match fields {
            Fields::Named(all) => {
                let each: Option<Map<_, _>> =
                    all.iter().map(|it| Some((it.label().to_owned(), self.field(it, depth)?))).collect();
                each.map(Value::Object)
            }
            Fields::Numbered(all) => all.iter().map(|it| self.field(it, depth)).collect(),
            Fields::Newtype(one) => self.field(one, depth),
            Fields::Unit => Some(Value::Null),
        }
    }

    fn field(&self, field: &Field, depth: usize) -> Option<Value> {
        if field.options.is_empty() { self.named(field.label(), &field.shape, depth + 1) } else { None }
    }

    fn plain(&self, name: &str) -> Option<Value> {
        let able = |least: i64, most: i64| {
            let (start, end) = (*self.limits.numbers.start(), *self.limits.numbers.end());
            // A type that holds none of them holds what is next to them.
            let (start, end) = (start.clamp(least, most), end.clamp(least, most));
            start.saturating_add_unsigned(self.rng.u64() % end.abs_diff(start).saturating_add(1))
        };
        Some(match name {
            "u8" => able(0, 255).into(),
            "u16" => able(0, 65_535).into(),
            "u32" => able(0, u32::MAX.into()).into(),
            "u64" | "usize" | "u128" => able(0, i64::MAX).into(),
            "i8" => able(-128, 127).into(),
            "i16" => able(-32_768, 32_767).into(),
            "i32" => able(i32::MIN.into(), i32::MAX.into()).into(),
            "i64" | "isize" | "i128" => able(i64::MIN, i64::MAX).into(),
            "NonZeroU8" | "NonZeroI8" => able(1, 127).into(),
            "NonZeroU16" | "NonZeroI16" => able(1, 32_767).into(),
            "NonZeroU32" | "NonZeroI32" => able(1, i32::MAX.into()).into(),
            "NonZeroU64" | "NonZeroUsize" | "NonZeroI64" => able(1, i64::MAX).into(),
            "f32" | "f64" => (able(-1_000_000, 1_000_000) as f64 / 2.0).into(),
            "bool" => (self.rng.below(2) == 0).into(),
            "char" => self.letter().to_string().into(),
            "String" | "PathBuf" => {
                (0..self.rng.below(self.limits.longest + 1)).map(|_| self.letter()).collect::<String>().into()
            }
            "()" => Value::Null,
            "Duration" => json!({ "secs": able(0, 1_000_000_000), "nanos": 0 }),
            "IpAddr" | "Ipv4Addr" => format!("10.0.0.{}", able(0, 255)).into(),
            "Ipv6Addr" => format!("fd00::{}", able(0, 9)).into(),
            "SocketAddr" | "SocketAddrV4" => format!("10.0.0.1:{}", able(1, 65_535)).into(),
            _ => return None,
        })
    }

    /// Some that are long in UTF-8, and one that JSON escapes.
    fn letter(&self) -> char {
        *['a', 'b', 'z', '0', ' ', '"', 'ß', '€', '𝄞'].get(self.rng.below(9)).unwrap_or(&'a')
    }
}
