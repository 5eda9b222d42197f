//! What is written and read is postcard, as the crate of that name has it, within the limits.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    depth::{MAX_DEPTH, MAX_WRAPPERS, TooDeep},
    postcard::{append, read},
    verify,
};
use crate::{
    message::{
        CodecError,
        codecs::{Codec, Json, take_all},
        format::compact::{MAX_EMPTY, Unwritable},
    },
    rng::Rng,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Nothing,
    Round(f64),
    Both(u8, i64),
    Rect { width: f32, name: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapped(Option<Box<Wrapped>>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct List {
    head: u32,
    tail: Option<Box<List>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Node { inner: Vec<Tree> },
}

fn written<T: Serialize>(value: &T) -> Result<Vec<u8>, Unwritable> {
    let mut out = Vec::new();
    append(value, &mut out).map(|()| out)
}

fn whole<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    take_all(bytes, read)
}

/// Written as the crate writes it, read as the crate reads it, and refused where it is cut.
fn agrees<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let bytes = written(&value).expect("it can be written");
    assert_eq!(bytes, postcard::to_stdvec(&value).expect("the crate can"), "{value:?}");
    assert_eq!(whole::<T>(&bytes).expect("it can be read"), value);
    for length in 0..bytes.len() {
        assert!(whole::<T>(&bytes[..length]).is_err(), "{value:?}, cut to {length} bytes");
    }
}

#[test]
fn bytes_are_those_of_the_crate_postcard() {
    for shift in 0..64 {
        let value = u64::MAX >> shift;
        agrees((value, value as i64, (value as i64).wrapping_neg(), u128::from(value) << 64, i128::from(value) << 60));
        agrees((value as u32, value as u16, value as u8, value as i32, value as i16, value as i8));
    }
    agrees((u128::MAX, i128::MIN, i128::MAX, i64::MIN, i32::MIN, i16::MIN, i8::MIN));
    agrees((true, 'é', '😀', "text".to_owned(), "x".repeat(300), 1.5_f32, -0.0_f64));
    agrees((None::<u8>, Some(300_u64), (), vec![1_u8, 2], [7_u16; 3], vec![Some("a".to_owned()), None]));
    agrees(BTreeMap::from([(1_u32, vec![(2_u8, "b".to_owned())])]));
    agrees(vec![Shape::Nothing, Shape::Round(0.5), Shape::Both(1, -2), Shape::Rect { width: 2.0, name: "r".into() }]);
    agrees(List { head: 1, tail: Some(Box::new(List { head: 2, tail: None })) });
    agrees("127.0.0.1:80".parse::<std::net::SocketAddr>().expect("an address"));
    agrees(std::time::Duration::new(5, 6));
}

/// A text of an unknown length.
struct Shown(usize);

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&"y".repeat(self.0))
    }
}

#[test]
fn text_that_is_shown_has_its_length_before_it() {
    for length in [0, 1, 127, 128, 20_000] {
        assert_eq!(
            written(&(1_u8, Shown(length), 2_u8)).expect("a text"),
            written(&(1_u8, "y".repeat(length), 2_u8)).expect("a text")
        );
    }
}

#[test]
fn random_bytes_are_read_as_the_crate_reads_them() {
    let rng = Rng::from_seed(7);
    type Any = (Vec<Shape>, Option<BTreeMap<u16, String>>, bool, i32);
    let mut good = 0;
    for _ in 0..200_000 {
        let bytes: Vec<u8> = (0..rng.below(24)).map(|_| (rng.below(256) & rng.below(256)) as u8).collect();
        let (mut rest, theirs) = (&bytes[..], postcard::take_from_bytes::<Any>(&bytes));
        match (read::<Any>(&mut rest), theirs) {
            (Ok(ours), Ok((theirs, left))) => {
                good += 1;
                assert_eq!((format!("{ours:?}"), rest), (format!("{theirs:?}"), left));
            }
            (Err(_), Err(_)) => {}
            (ours, theirs) => panic!("{bytes:?}: {ours:?}, the crate: {theirs:?}"),
        }
    }
    assert!(good > 100, "{good} could be read");
}

fn list(length: u32) -> List {
    let mut list = List { head: 0, tail: None };
    for head in 1..length {
        list = List { head, tail: Some(Box::new(list)) };
    }
    list
}

fn wrapped(depth: u32) -> Wrapped {
    (0..depth).fold(Wrapped(None), |inner, _| Wrapped(Some(Box::new(inner))))
}

fn tree(depth: u32) -> Tree {
    (0..depth).fold(Tree::Leaf, |inner, _| Tree::Node { inner: vec![inner] })
}

#[test]
fn what_is_nested_too_deep_is_neither_written_nor_read() {
    let most = u32::from(MAX_DEPTH) - 1;
    agrees(list(most));
    let error = written(&list(most + 1)).unwrap_err();
    assert!(error.to_string().contains("128 levels"), "{error}");
    // The crate writes it as it is, as a peer might.
    let bytes = postcard::to_stdvec(&list(most + 1)).expect("the crate has no limit");
    let error = whole::<List>(&bytes).unwrap_err().to_string();
    assert!(error.contains("List` could not be read: it is nested 128 levels"), "{error}");

    assert!(
        matches!(written(&tree(50)), Err(Unwritable::TooDeep(TooDeep::Levels))),
        "a variant with named fields is two levels, as in JSON"
    );
    agrees(tree(40));
}

#[test]
fn wrappers_are_no_levels_and_have_a_limit_of_their_own() {
    // Each is a struct of one unnamed field, and around the next one is a `Some`.
    let most = u32::from(MAX_WRAPPERS) / 2 - 1;
    agrees(wrapped(most));
    let error = written(&wrapped(most + 1)).unwrap_err().to_string();
    assert!(error.contains("256 `Some`") && !error.contains("levels"), "{error}");
    let bytes = postcard::to_stdvec(&wrapped(most + 1)).expect("the crate has no limit");
    let error = whole::<Wrapped>(&bytes).unwrap_err().to_string();
    assert!(error.contains("256 `Some`") && !error.contains("levels"), "{error}");
    let error = Json::encode(&wrapped(most + 1), &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("256 `Some`"), "{error}");
}

#[test]
fn json_has_the_same_limit_both_ways() {
    let most = u32::from(MAX_DEPTH) - 1;
    let (good, bad) = (list(most), list(most + 1));
    let mut out = Vec::new();
    Json::encode(&good, &mut out).expect("it can be written");
    assert_eq!(<Json as Codec<List>>::decode(&out).expect("it can be read"), good);
    let error = Json::encode(&bad, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("128 levels"), "{error}");
    let bytes = serde_json::to_vec(&bad).expect("serde_json has no limit when it writes");
    assert!(<Json as Codec<List>>::decode(&bytes).is_err());
    for depth in 0..60 {
        let mut out = Vec::new();
        if Json::encode(&tree(depth), &mut out).is_ok() {
            assert_eq!(<Json as Codec<Tree>>::decode(&out).expect("what is written is read"), tree(depth));
        } else {
            assert!(depth > 40, "{depth}");
        }
    }
}

#[test]
fn a_peers_bytes_do_not_overflow_the_stack() {
    // A list of a million elements, in a thread with a small stack: `head: 0, tail: Some(…)` again and again.
    let bytes = [0, 1].repeat(1_000_000);
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    let read = small.spawn(move || {
        assert!(whole::<List>(&bytes).is_err());
        assert!(whole::<Wrapped>(&[1].repeat(1_000_000)).is_err());
        assert!(whole::<Tree>(&[1].repeat(1_000_000)).is_err());
    });
    read.expect("a thread").join().expect("it lives");
}

#[test]
fn elements_without_bytes_are_counted() {
    agrees(vec![(); MAX_EMPTY as usize]);
    let announced = written(&u64::MAX).expect("a number");
    let error = whole::<Vec<()>>(&announced).unwrap_err().to_string();
    assert!(error.contains("65536 elements have no bytes"), "{error}");
    assert!(whole::<HashMap<(), ()>>(&announced).is_err());
    // They are counted together.
    let each = written(&(1_u64 << 40)).expect("a number");
    let many = [written(&1000_u32).expect("a number"), each.repeat(1000)].concat();
    assert!(whole::<Vec<Vec<[u8; 0]>>>(&many).is_err());
}

#[test]
fn nothing_is_reserved_for_elements_whose_bytes_are_not_there() {
    /// Asks for what serde's own collections reserve.
    #[derive(Debug)]
    struct Hint(Option<usize>);

    impl<'de> Deserialize<'de> for Hint {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Ask;
            impl<'de> serde::de::Visitor<'de> for Ask {
                type Value = Hint;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a sequence or a map")
                }
                fn visit_seq<A: serde::de::SeqAccess<'de>>(self, elements: A) -> Result<Hint, A::Error> {
                    Ok(Hint(elements.size_hint()))
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, elements: A) -> Result<Hint, A::Error> {
                    Ok(Hint(elements.size_hint()))
                }
            }
            deserializer.deserialize_map(Ask)
        }
    }
    let mut announced = written(&(1_u64 << 40)).expect("a number");
    assert_eq!(read::<Hint>(&mut &announced[..]).expect("a hint").0, None);
    announced.splice(.., [3, 1, 2, 3]);
    assert_eq!(read::<Hint>(&mut &announced[..]).expect("a hint").0, Some(3));
}

#[test]
fn what_would_be_read_in_anothers_place_is_refused_where_it_is_written() {
    #[derive(Serialize, Deserialize, Default)]
    struct Order {
        #[serde(default, skip_serializing_if = "is_zero")]
        discount: u32,
        items: Vec<u32>,
    }
    fn is_zero(number: &u32) -> bool {
        *number == 0
    }
    let error = written(&Order { discount: 0, items: vec![2, 7, 9] }).unwrap_err();
    assert!(error.to_string().contains("field `discount` is left out by serde's `skip_serializing_if`"), "{error}");
    written(&Order { discount: 3, items: vec![7] }).expect("nothing is left out");

    #[derive(Serialize, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        inner: Order,
    }
    let error = written(&Outer { inner: Order::default() }).unwrap_err();
    assert!(error.to_string().contains("`flatten`"), "{error}");
}

#[test]
#[allow(unreachable_patterns, reason = "serde's code for what is wrong here, which is what is tested")]
fn a_value_that_is_read_as_another_is_found_by_reading_it_back() {
    #[derive(Serialize, Deserialize)]
    #[allow(dead_code, reason = "one of them is not made")]
    enum Command {
        Look,
        #[serde(skip)]
        Internal,
        Keep(u32),
        Sell(u32),
    }
    // What it is about: the crate, and everybody else, reads another command.
    let bytes = written(&Command::Keep(5)).expect("it can be written");
    assert!(matches!(whole(&bytes), Ok(Command::Sell(5))));
    verify::by_postcard(&Command::Look).expect("it is read as it is");
    let error = verify::by_postcard(&Command::Keep(5)).unwrap_err().to_string();
    assert!(error.contains("Command` does not arrive as what is sent"), "{error}");
    verify::by_postcard(&Command::Internal).expect("it cannot be sent at all, of which its sender is told");

    #[derive(Serialize, Deserialize)]
    #[allow(dead_code, reason = "one of them is not made")]
    enum Twins {
        One(u8),
        #[serde(rename = "One")]
        Two(u8),
    }
    verify::by_postcard(&Twins::Two(1)).expect("postcard tells them by number");
    let error = verify::by_json(&Twins::Two(1)).unwrap_err().to_string();
    assert!(error.contains("read as another value"), "{error}");
    let error = verify::by_json(&Some(Some(()))).unwrap_err().to_string();
    assert!(error.contains("Option"), "{error}");
    verify::by_json(&(0.1_f64 + 0.2, 1e-7_f32, u64::MAX, "é".to_owned())).expect("JSON can carry it");
    let set: std::collections::HashSet<u32> = (0..1000).collect();
    verify::by_postcard(&set).expect("order does not count");
    verify::by_json(&set).expect("order does not count");
}

#[test]
fn what_is_large_or_written_otherwise_each_time_is_not_judged() {
    #[derive(Serialize, Deserialize)]
    struct Kept {
        #[serde(skip_deserializing)]
        lost: u8,
        bytes: Vec<u8>,
    }
    let kept = |length| Kept { lost: 1, bytes: vec![0; length] };
    verify::by_postcard(&kept(1)).unwrap_err();
    verify::by_postcard(&kept(100_000)).expect("large values are not looked at");
    verify::by_json(&kept(100_000)).expect("large values are not looked at");

    /// The time that is left, as it were.
    #[derive(Default)]
    struct Fading(std::cell::Cell<u32>);
    impl Serialize for Fading {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.set(self.0.get() + 1);
            serializer.serialize_u32(self.0.get())
        }
    }
    impl<'de> Deserialize<'de> for Fading {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            u32::deserialize(deserializer).map(|number| Self(number.into()))
        }
    }
    assert_eq!(written(&Fading::default()).expect("a number"), [1]);
    verify::by_postcard(&(Fading::default(), 1_u8)).expect("it is never the same");
}

#[test]
fn what_panics_as_it_is_read_back_is_left_to_its_reader() {
    #[derive(Serialize)]
    struct Unlucky;
    impl<'de> Deserialize<'de> for Unlucky {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("unlucky")
        }
    }
    verify::key(&Unlucky).expect("nothing is known of it");
    assert!(!verify::is_under_way());
}
