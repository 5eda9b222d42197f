//! What is drawn is what the schema says.

use serde_json::json;

use super::bounds::Drawn;
use crate::{
    message::schema::{Arg, Body, Field, Fields, MethodSchema, Named, Shape, Variant},
    rng::Rng,
};

fn plain(name: &'static str) -> Shape {
    Shape::Plain(name.into())
}

fn schema(args: Vec<(&'static str, Shape)>, types: Vec<Named>) -> MethodSchema {
    let arg = |(name, shape): (&'static str, Shape)| Arg { name: name.into(), shape };
    MethodSchema { args: args.into_iter().map(arg).collect(), value: plain("()"), error: None, key: None, types }
}

/// A type that holds itself: `Leaf`, or `Fork { left, right }`.
fn tree() -> Named {
    let branch = |name| Field::new(name, Shape::Named(0));
    let fork = Fields::Named(vec![branch("left"), branch("right")]);
    let body = Body::Enum(vec![Variant::new("Fork", fork), Variant::new("Leaf", Fields::Unit)]);
    Named { name: "Tree".into(), options: "".into(), docs: "".into(), body }
}

#[test]
fn arguments_have_their_names_and_stay_within_bounds() {
    let shapes = vec![
        ("small", plain("u8")),
        ("signed", plain("i64")),
        ("text", plain("String")),
        ("list", Shape::List("Vec".into(), Box::new(plain("bool")))),
        ("picked", Shape::Foreign("Color".into())),
    ];
    let schema = schema(shapes, vec![]);
    let bounds = Drawn::default().numbers(-5..=300).longest(2).among("picked", &[json!("red"), json!("blue")]);
    let mut seen = [false; 6];
    for seed in 0..300 {
        let drawn = bounds.arguments(&Rng::from_seed(seed), &schema).expect("all of it is known");
        let (small, signed) = (drawn["small"].as_u64().expect("u8"), drawn["signed"].as_i64().expect("i64"));
        let text = drawn["text"].as_str().expect("text").chars().count();
        let list = drawn["list"].as_array().expect("list").len();
        assert!(small <= 255 && (-5..=300).contains(&signed) && text <= 2 && list <= 2, "{drawn}");
        assert!(["red", "blue"].contains(&drawn["picked"].as_str().expect("text")), "{drawn}");
        let met = [small == 0, small > 200, signed < 0, text == 2, list == 2, drawn["picked"] == "blue"];
        seen.iter_mut().zip(met).for_each(|(seen, met)| *seen |= met);
    }
    assert_eq!(seen, [true; 6]);
}

#[test]
fn what_holds_itself_ends_and_what_only_has_a_name_is_not_drawn() {
    let bounds = Drawn::default();
    let trees = schema(vec![("tree", Shape::Named(0))], vec![tree()]);
    let drawn: Vec<_> = (0..100).filter_map(|seed| bounds.arguments(&Rng::from_seed(seed), &trees)).collect();
    assert_eq!(drawn.len(), 100);
    assert!(drawn.contains(&json!({ "tree": "Leaf" })));
    assert!(drawn.iter().any(|it| it["tree"]["Fork"]["left"] == "Leaf"), "{drawn:?}");
    let strange = schema(vec![("color", Shape::Foreign("Color".into()))], vec![]);
    assert_eq!(bounds.arguments(&Rng::from_seed(1), &strange), None);
}
