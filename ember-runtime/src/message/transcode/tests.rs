//! What goes to JSON and back is what serde itself writes and reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    ops::Range,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;
use crate::message::{
    format,
    schema::{Arg, Body, Field, Fields, MethodSchema, Schema, Shape, Signature, Types, Variant},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Command {
    Look,
    Keep(u32),
    #[serde(rename = "move")]
    Move(i8, i64),
    Sell {
        item: String,
        price: Option<f64>,
        more: Option<Box<Command>>,
    },
}

impl Schema for Command {
    fn shape(types: &mut Types) -> Shape {
        types.named::<Self>("Command", "", "What to do.", |types| {
            let keep = Fields::Newtype(Box::new(Field::new("", u32::shape(types))));
            let moved = Fields::Numbered(vec![Field::new("", i8::shape(types)), Field::new("", i64::shape(types))]);
            let sell = Fields::Named(vec![
                Field::new("item", String::shape(types)),
                Field::new("price", Option::<f64>::shape(types)),
                Field::new("more", Option::<Box<Self>>::shape(types)),
            ]);
            Body::Enum(vec![
                Variant::new("Look", Fields::Unit),
                Variant::new("Keep", keep),
                Variant::new("Move", moved).renamed("move"),
                Variant::new("Sell", sell),
            ])
        })
    }
}

/// As if a program knew no more than the schema, from the wire.
fn schema<T: Schema>() -> MethodSchema {
    let told = Signature::new(&[("it", T::shape)], T::shape, Some(T::shape));
    serde_json::from_str(&serde_json::to_string(told.schema()).unwrap()).unwrap()
}

fn there_and_back<T: Schema + Serialize>(value: &T) {
    let (mut native, mut written) = (Vec::new(), Vec::new());
    format::append(value, &mut native).unwrap();
    let (schema, by_serde) = (schema::<T>(), serde_json::to_value(value).unwrap());
    args_from_json(&schema, &json!({ "it": by_serde }), &mut written).unwrap();
    assert_eq!(written, native, "{by_serde}");
    assert_eq!(value_to_json(&schema, &native).unwrap(), by_serde);
    assert_eq!(error_to_json(&schema, &native).unwrap(), by_serde);
}

#[test]
fn everything_goes_there_and_back_as_serde_has_it() {
    there_and_back(&(u8::MAX, u16::MAX, u32::MAX, u64::MAX, usize::MAX));
    there_and_back(&(i8::MIN, i16::MIN, i32::MIN, i64::MIN, isize::MIN, u128::from(u64::MAX), i128::from(i64::MIN)));
    there_and_back(&(1.5_f32, -0.25_f64, true, 'ß', "text".to_owned(), ()));
    there_and_back(&(
        NonZeroU32::MAX,
        Duration::new(7, 9),
        3_u8..9,
        Ok::<u8, String>(7),
        Err::<u8, String>("no".into()),
    ));
    let addresses: (IpAddr, IpAddr, SocketAddr) =
        ("10.0.0.5".parse().unwrap(), "::1".parse().unwrap(), "10.0.0.5:7".parse().unwrap());
    there_and_back(&addresses);
    there_and_back(&(vec![Some(1_u8), None], [7_u16; 3], BTreeSet::from([3_i32, -4])));
    there_and_back(&BTreeMap::from([(7_u64, "seven".to_owned()), (9, "nine".to_owned())]));
    there_and_back(&BTreeMap::from([("a".to_owned(), BTreeMap::from([(true, Range { start: 1_u8, end: 2 })]))]));
    let sell = |more| Command::Sell { item: "cow".into(), price: None, more };
    for command in
        [Command::Look, Command::Keep(5), Command::Move(-1, -2), sell(None), sell(Some(Box::new(sell(None))))]
    {
        there_and_back(&command);
        there_and_back(&vec![Some(command)]);
    }
}

fn refused<T: Schema>(json: &Value) -> String {
    args_from_json(&schema::<T>(), json, &mut Vec::new()).unwrap_err().to_string()
}

#[test]
fn what_does_not_fit_is_refused_with_the_way_to_it() {
    let text =
        refused::<Vec<Command>>(&json!({ "it": ["Look", { "Sell": { "item": "cow", "more": { "Keep": "no" } } }] }));
    assert!(text.starts_with("`it[1].Sell.more.Keep`: ") && text.contains("u32"), "{text}");
    let text = refused::<Command>(&json!({ "it": { "Sell": { "itm": "cow" } } }));
    assert!(text.contains("`it.Sell`") && text.contains("no field `itm`: it has `item`"), "{text}");
    let text = refused::<Command>(&json!({ "it": { "Sell": {} } }));
    assert!(text.contains("`item`") && text.contains("missing"), "{text}");
    let text = refused::<Command>(&json!({ "it": "Buy" }));
    assert!(text.contains("no variant `Buy`: it has `Look`, `Keep`, `move`, `Sell`"), "{text}");
    let text = refused::<(u8, u8)>(&json!({ "it": [1] }));
    assert!(text.contains("`it`: expected a list of 2, found a list of 1"), "{text}");
    let text = refused::<u8>(&json!({ "it": 256 }));
    assert!(text.contains("`it`: ") && text.contains("u8"), "{text}");
    let text = refused::<BTreeMap<u8, u8>>(&json!({ "it": { "x": 1 } }));
    assert!(text.contains("`it.x`: ") && text.contains("u8"), "{text}");
    let text = refused::<u8>(&json!({ "that": 1 }));
    assert!(text.contains("there is no argument `that`: it takes `it`"), "{text}");
    let text = refused::<u8>(&json!([1, 2]));
    assert!(text.contains("2 arguments were given: it takes `it`"), "{text}");
    assert!(refused::<u8>(&json!(7)).contains("an object with their names, or a list"));
}

#[test]
fn arguments_may_stand_in_their_order_and_optional_ones_be_absent() {
    let mut out = Vec::new();
    args_from_json(&schema::<u8>(), &json!([7]), &mut out).unwrap();
    args_from_json(&schema::<Option<u8>>(), &json!({}), &mut out).unwrap();
    let none = Signature::new(&[], <()>::shape, None);
    args_from_json(none.schema(), &Value::Null, &mut out).unwrap();
    assert_eq!(out, [7, 0]);
}

#[test]
fn a_schema_that_lies_is_an_error_and_nothing_worse() {
    let whole = |shape: Shape| {
        MethodSchema::clone(&{
            let mut schema = schema::<()>();
            schema.value = shape.clone();
            schema.args[0].shape = shape;
            schema
        })
    };
    let circle: MethodSchema = serde_json::from_value(json!({
        "args": [{ "name": "it", "shape": { "Named": 0 } }],
        "value": { "Named": 0 },
        "types": [{ "name": "Circle", "body": { "StandIn": { "Named": 0 } } }],
    }))
    .unwrap();
    for schema in [whole(Shape::Named(7)), whole(Shape::Foreign("X".into())), whole(Shape::Plain("u7".into())), circle]
    {
        args_from_json(&schema, &json!({ "it": 1 }), &mut Vec::new()).unwrap_err();
        value_to_json(&schema, &[1, 2, 3]).unwrap_err();
    }
    let many = whole(Shape::List("Vec".into(), Box::new(Shape::Plain("()".into()))));
    value_to_json(&many, &[0xff, 0xff, 0xff, 0xff, 0x7f]).unwrap_err();
    value_to_json(&whole(Shape::Plain("u8".into())), &[1, 2]).unwrap_err();
}

#[test]
fn the_schema_of_json_says_the_same() {
    let schema = schema::<Command>().json_schema_of_args();
    let definition = &schema["$defs"]["Command"];
    assert_eq!(schema["properties"]["it"], json!({ "$ref": "#/$defs/Command" }));
    assert_eq!(definition["description"], "What to do.");
    assert_eq!(definition["oneOf"][0], json!({ "const": "Look" }));
    assert_eq!(definition["oneOf"][2]["required"], json!(["move"]));
    assert_eq!(definition["oneOf"][3]["properties"]["Sell"]["required"], json!(["item"]));
    let _: Arg = serde_json::from_value(json!({ "name": "it", "shape": { "Plain": "u8" } })).unwrap();
}
