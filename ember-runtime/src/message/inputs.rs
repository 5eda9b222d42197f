//! Bytes of arguments and results, and JSON for them, read as values: for those who try to break that.

use std::collections::BTreeMap;

use super::{
    codecs::{decode, encode},
    schema::{Arg, MethodSchema, Shape},
    transcode::{args_from_json, value_to_json},
};

/// Of every kind that bytes have: lengths, choices, text, numbers, nesting.
type Deep = Vec<(Option<String>, BTreeMap<u64, Vec<i16>>, Result<[u8; 3], (f64, bool)>, char, u128)>;

/// The same, as a schema says it.
fn deep() -> Shape {
    let plain = |name: &'static str| Shape::Plain(name.into());
    let list = |of| Shape::List("Vec".into(), Box::new(of));
    list(Shape::Tuple(vec![
        Shape::Option(Box::new(plain("String"))),
        Shape::Map(Box::new(plain("u64")), Box::new(list(plain("i16")))),
        Shape::Result(
            Box::new(Shape::Array(Box::new(plain("u8")), 3)),
            Box::new(Shape::Tuple(vec![plain("f64"), plain("bool")])),
        ),
        plain("char"),
        plain("u128"),
    ]))
}

fn schema() -> MethodSchema {
    let args = vec![Arg { name: "deep".into(), shape: deep() }];
    MethodSchema { args, value: deep(), error: None, key: None, types: Vec::new() }
}

/// A value as it travels. Whether it was one.
///
/// # Panics
/// If it cannot be written as it was read, or a program that knows its schema alone sees something else.
pub(crate) fn value(bytes: &[u8]) -> bool {
    let read = decode::<Deep>(bytes);
    let json = value_to_json(&schema(), bytes);
    // JSON has no number for what is not a number, and not all text of a `char`.
    assert!(read.is_ok() || json.is_err(), "read by its schema, and not by its type");
    let Ok(read) = read else { return false };
    let mut written = Vec::new();
    encode(&read, &mut written).expect("what was read can be written");
    assert!(decode::<Deep>(&written).is_ok(), "what was written cannot be read");
    true
}

/// JSON as arguments. Whether they were some.
///
/// # Panics
/// If the service could not read them.
pub(crate) fn json(bytes: &[u8]) -> bool {
    let Ok(args) = serde_json::from_slice(bytes) else { return false };
    let mut out = Vec::new();
    if args_from_json(&schema(), &args, &mut out).is_err() {
        return false;
    }
    assert!(decode::<Deep>(&out).is_ok(), "arguments that their service cannot read");
    true
}
