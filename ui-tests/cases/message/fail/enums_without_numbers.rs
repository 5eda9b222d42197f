use ember::prelude::*;

#[message]
#[serde(tag = "kind")]
pub enum Internal {
    Look { at: u32 },
}

#[message]
#[serde(tag = "kind", content = "rest")]
pub enum Adjacent {
    Look(u32),
}

#[message]
#[serde(untagged)]
pub enum Untagged {
    Look(u32),
}

#[message]
pub enum Mixed {
    Look(u32),
    #[serde(untagged)]
    Other(String),
}

#[message]
#[serde(tag = "kind")]
pub struct Named {
    at: u32,
}

#[message]
#[serde(variant_identifier)]
pub enum Which {
    Look,
}

fn main() {}
