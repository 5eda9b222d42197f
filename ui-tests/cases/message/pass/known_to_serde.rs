//! Types of which serde knows more than their names tell.
#![allow(dead_code)]

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

fn one_way<S: serde::Serializer>(value: &OneWay, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u8(value.0)
}

#[message(codec = "json")]
#[derive(Debug, Clone, PartialEq)]
pub struct Halves {
    part: Part,
    #[serde(serialize_with = "one_way")]
    written: OneWay,
}

/// Named as what is made for a copy of it.
#[message]
#[derive(Debug, Clone, PartialEq)]
#[allow(non_camel_case_types)]
pub enum Named {
    serialize,
    deserialize(Part),
}

/// serde sees that it is packed.
#[message]
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, packed)]
pub struct Packed {
    small: u8,
    part: Bit,
}

#[message]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bit(bool);

macro_rules! by_a_path {
    ($name:ident) => {
        #[message]
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            part: $crate::Part,
            parts: Vec<$crate::Part>,
        }
    };
}
by_a_path!(ByAPath);

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Braces {
    four: Wide<{ 2 + 2 }>,
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Wide<const N: usize>(u32);

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
