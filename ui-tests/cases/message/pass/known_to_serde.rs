//! Types of which serde knows more than their names tell.
use std::{
    collections::{HashMap, HashSet, hash_map::RandomState},
    marker::PhantomData,
    sync::Arc,
};

use ember::prelude::*;

/// It cannot travel, and need not.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark;

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Part(u8);

/// It is written as something else, and read as it is.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub struct OneWay(u8);

/// It is only written.
#[derive(Debug, Default, Clone, PartialEq, serde::Serialize)]
pub struct Told(u8);

fn one_way<S: serde::Serializer>(value: &OneWay, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u8(value.0)
}

#[message(codec = "json")]
#[derive(Debug, Clone, PartialEq)]
pub struct Halves {
    part: Part,
    #[serde(serialize_with = "one_way")]
    written: OneWay,
    #[serde(default, skip_deserializing)]
    told: Told,
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct All {
    text: Box<str>,
    shared: Arc<str>,
    bytes: Box<[u8]>,
    parts: Box<[Part]>,
    map: HashMap<String, Part, RandomState>,
    set: HashSet<u8, RandomState>,
    mark: PhantomData<Mark>,
    next: Option<Box<All>>,
    #[serde(default, skip)]
    skipped: Option<Part>,
}

fn main() {}
