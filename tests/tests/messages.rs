//! What serde's attributes make of a message: each that compiles is carried, by every codec that can.

#![allow(missing_docs, missing_debug_implementations, reason = "the names say it all")]

use std::{borrow::Cow, collections::BTreeMap, fmt::Debug, marker::PhantomData};

use ember::{
    __private::{Probe, Signature, pick::*},
    Codec, Json, Message, Prost, Schema,
    prelude::*,
};

/// Through postcard, as a method would.
macro_rules! by_postcard {
    ($value:expr, $t:ty) => {{
        let (coding, mut bytes) = ((&&&Probe::<$t>::NEW).pick().coding(), Vec::new());
        coding.put(&$value, &mut bytes).expect("it can be written");
        let mut rest = &bytes[..];
        let read: $t = coding.take(&mut rest).expect("it can be read");
        assert!(rest.is_empty());
        read
    }};
}

fn by_json<T: Message>(value: &T) -> T {
    let mut bytes = Vec::new();
    Json::encode(value, &mut bytes).expect("it can be written");
    Json::decode(&bytes).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&bytes)))
}

/// Both give back what was put in.
macro_rules! carried {
    ($($t:ty: $value:expr),* $(,)?) => {$(
        let value: $t = $value;
        assert_eq!(by_postcard!(value, $t), value);
        assert_eq!(by_json(&value), value);
    )*};
}

#[message]
#[derive(Debug, Clone, PartialEq, Default)]
#[serde(rename = "renamed", rename_all = "camelCase", deny_unknown_fields, default, expecting = "names")]
pub struct Names {
    first_name: String,
    #[serde(rename = "surname", alias = "last")]
    last_name: String,
    #[serde(default = "seven")]
    number: u32,
}

fn seven() -> u32 {
    7
}

#[message]
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "kebab-case", rename_all_fields = "UPPERCASE", bound = "T: ember::Message")]
pub enum Renamed<T> {
    #[serde(alias = "other-name")]
    OneThing {
        field: T,
    },
    #[serde(rename = "two", rename_all = "camelCase")]
    TwoThings {
        a_field: u8,
    },
    #[serde(skip_serializing)]
    NeverSent(u8),
    Tuple(u8, #[serde(skip)] u16, String),
    New(#[serde(skip)] u32),
    Unit,
    #[serde(skip)]
    Local(#[allow(dead_code, reason = "it does not travel")] u32),
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    One,
    #[serde(other)]
    Other,
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Skips {
    #[serde(skip)]
    first: u32,
    second: u32,
    #[serde(skip_serializing, skip_deserializing)]
    third: String,
    fourth: Vec<u8>,
    #[serde(skip, default = "seven")]
    last: u32,
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct SkipsIn(u8, #[serde(skip)] String, #[serde(default)] u8);

#[message]
#[derive(Debug, Clone, PartialEq)]
#[serde(transparent)]
pub struct Transparent {
    inner: BTreeMap<String, u32>,
    #[serde(skip)]
    marker: PhantomData<u8>,
}

mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{value:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        u32::from_str_radix(&String::deserialize(deserializer)?, 16).map_err(D::Error::custom)
    }
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct With {
    #[serde(with = "hex")]
    both: u32,
    #[serde(serialize_with = "hex::serialize", deserialize_with = "hex::deserialize")]
    each: u32,
    after: u8,
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub enum WithIn {
    #[serde(with = "hex")]
    Hex(u32),
    Plain(u8),
}

#[message]
#[derive(Debug, Clone, PartialEq)]
#[serde(try_from = "(String, u8)", into = "(String, u8)")]
pub struct Converted {
    text: Cow<'static, str>,
}

impl From<Converted> for (String, u8) {
    fn from(converted: Converted) -> Self {
        (converted.text.into_owned(), 1)
    }
}

impl TryFrom<(String, u8)> for Converted {
    type Error = String;

    fn try_from((text, version): (String, u8)) -> Result<Self, String> {
        if version == 1 { Ok(Self { text: text.into() }) } else { Err(format!("version {version}")) }
    }
}

#[message]
#[derive(Debug, Clone, Copy, PartialEq)]
#[serde(from = "u32", into = "u32")]
pub struct Cents(u32);

impl From<u32> for Cents {
    fn from(cents: u32) -> Self {
        Self(cents)
    }
}

impl From<Cents> for u32 {
    fn from(Cents(cents): Cents) -> Self {
        cents
    }
}

#[test]
fn attributes_that_compile_are_carried() {
    carried! {
        Names: Names { first_name: "a".into(), last_name: "b".into(), number: 3 },
        Renamed<u32>: Renamed::OneThing { field: 300 },
        Renamed<u32>: Renamed::TwoThings { a_field: 5 },
        Renamed<u32>: Renamed::Tuple(1, 0, "c".into()),
        Renamed<u32>: Renamed::New(0),
        Renamed<u32>: Renamed::Unit,
        Known: Known::One,
        Known: Known::Other,
        Skips: Skips { first: 0, second: 2, third: String::new(), fourth: vec![3, 4], last: 7 },
        SkipsIn: SkipsIn(1, String::new(), 2),
        Transparent: Transparent { inner: BTreeMap::from([("d".to_owned(), 4)]), marker: PhantomData },
        With: With { both: 255, each: 4096, after: 9 },
        WithIn: WithIn::Hex(255),
        WithIn: WithIn::Plain(1),
        Converted: Converted { text: "e".into() },
        Cents: Cents(12),
    }
    // What is skipped has its default when it arrives.
    let skips = Skips { first: 1, second: 2, third: "x".into(), fourth: vec![5], last: 6 };
    let arrived = Skips { first: 0, third: String::new(), last: 7, ..skips.clone() };
    assert_eq!((by_postcard!(skips, Skips), by_json(&skips)), (arrived.clone(), arrived));
}

#[test]
fn variant_that_does_not_travel_is_refused_where_it_is_sent() {
    let coding = (&&&Probe::<Renamed<u32>>::NEW).pick().coding();
    for variant in [Renamed::NeverSent(1), Renamed::Local(1)] {
        let error = coding.put(&variant, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("cannot be serialized: `#[serde(skip)]` or"), "{error}");
        let error = Json::encode(&variant, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("cannot be serialized: `#[serde(skip)]` or"), "{error}");
    }
}

/// All that JSON can carry and postcard cannot.
#[message(codec = "json")]
#[derive(Debug, Clone, PartialEq)]
#[serde(tag = "kind", content = "rest")]
pub enum Adjacent {
    #[serde(skip)]
    Local,
    Some(u32),
    More {
        inner: Internal,
    },
}

#[message(codec = "json")]
#[derive(Debug, Clone, PartialEq)]
#[serde(tag = "kind")]
pub enum Internal {
    One {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maybe: Option<u32>,
        #[serde(flatten)]
        names: BTreeMap<String, u32>,
    },
    #[serde(untagged)]
    Other(u8),
}

#[message(codec = "json")]
#[derive(Debug, Clone, PartialEq)]
#[serde(untagged)]
pub enum Untagged {
    Number(u32),
    Text(String),
    Adjacent(Vec<Adjacent>),
}

#[test]
fn what_travels_as_json_only_is_carried_by_json() {
    let names = BTreeMap::from([("a".to_owned(), 1)]);
    for value in [
        Untagged::Number(1),
        Untagged::Text("b".into()),
        Untagged::Adjacent(vec![
            Adjacent::Some(2),
            Adjacent::More { inner: Internal::One { maybe: None, names: names.clone() } },
            Adjacent::More { inner: Internal::One { maybe: Some(3), names } },
            Adjacent::More { inner: Internal::Other(4) },
        ]),
    ] {
        assert_eq!(by_json(&value), value);
    }
}

mod as_text {
    use ember::{Codec, Json, Message};
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::Error as _};

    pub(super) fn serialize<T: Message, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        Json::encode(value, &mut bytes).map_err(S::Error::custom)?;
        serializer.serialize_str(&String::from_utf8(bytes).map_err(S::Error::custom)?)
    }

    pub(super) fn deserialize<'de, T: Message, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        Json::decode(String::deserialize(deserializer)?.as_bytes()).map_err(D::Error::custom)
    }
}

/// Holds what travels as JSON only, which functions of its own write and read.
#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Converts {
    #[serde(with = "as_text")]
    both: Untagged,
    #[serde(serialize_with = "as_text::serialize", deserialize_with = "as_text::deserialize")]
    each: Vec<Untagged>,
    after: u8,
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub enum ConvertsIn {
    #[serde(with = "as_text")]
    One(Untagged),
    Other {
        #[cfg_attr(all(), serde(with = "as_text"))]
        field: Internal,
    },
}

#[message]
#[derive(Debug, Clone, PartialEq)]
#[serde(bound = "T: ember::Message")]
pub struct ConvertsOf<T> {
    #[serde(with = "as_text")]
    both: (Untagged, T),
}

#[test]
fn what_travels_as_json_only_travels_by_postcard_where_functions_convert_it() {
    let text = || Untagged::Text("a".into());
    carried! {
        Converts: Converts { both: text(), each: vec![Untagged::Number(1), text()], after: 7 },
        ConvertsIn: ConvertsIn::One(text()),
        ConvertsIn: ConvertsIn::Other { field: Internal::Other(4) },
        ConvertsOf<u32>: ConvertsOf { both: (Untagged::Number(2), 3) },
    }
}

/// Its fields travel by their tags, whatever serde is told.
#[message]
#[derive(Clone, PartialEq, prost::Message)]
#[serde(rename_all = "UPPERCASE", default)]
pub struct Tagged {
    #[prost(uint32, tag = "1")]
    #[serde(skip)]
    skipped: u32,
    #[prost(string, tag = "2")]
    #[serde(rename = "other")]
    renamed: String,
    #[prost(uint32, tag = "3")]
    #[serde(with = "hex")]
    converted: u32,
}

#[test]
fn protobuf_is_not_touched_by_what_serde_is_told() {
    let (value, mut bytes) = (Tagged { skipped: 1, renamed: "a".into(), converted: 255 }, Vec::new());
    Prost::encode(&value, &mut bytes).expect("it can be written");
    assert_eq!(<Prost as Codec<Tagged>>::decode(&bytes).expect("it can be read"), value);
    carried! { Tagged: Tagged { skipped: 0, ..value } }
}

fn fingerprint<T: Schema>() -> u64 {
    Signature::new(&[("it", T::shape)], <()>::shape, None).fingerprint()
}

/// Two builds of a type that differ in the attributes of one field.
macro_rules! build {
    ($module:ident, $(#[$attribute:meta])*) => {
        mod $module {
            #[ember::message]
            #[derive(Debug, Clone, PartialEq)]
            pub(crate) struct Order {
                $(#[$attribute])*
                pub(crate) item: u32,
                pub(crate) count: u32,
            }
        }
    };
}
build!(plain,);
build!(skipped, #[cfg_attr(all(), serde(skip))]);
build!(not_skipped, #[cfg_attr(any(), serde(skip))]);
build!(converted, #[cfg_attr(all(), serde(with = "super::hex"))]);

#[test]
fn attributes_count_in_the_fingerprint_also_under_cfg_attr() {
    assert_eq!(fingerprint::<plain::Order>(), fingerprint::<not_skipped::Order>());
    assert_ne!(fingerprint::<plain::Order>(), fingerprint::<skipped::Order>());
    assert_ne!(fingerprint::<plain::Order>(), fingerprint::<converted::Order>());
}
