use ember::prelude::*;

#[message]
pub struct Order {
    #[serde(serialize_with = "write")]
    item: u32,
    #[serde(deserialize_with = "read")]
    count: u32,
}

fn write<S: serde::Serializer>(item: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&item.to_string())
}

fn read<'de, D: serde::Deserializer<'de>>(_: D) -> Result<u32, D::Error> {
    Ok(0)
}

#[message]
#[derive(Clone)]
#[serde(into = "u32")]
pub struct Written {
    id: u32,
}

#[message]
#[serde(try_from = "u32")]
pub struct Read {
    id: u32,
}

#[message]
#[derive(Clone)]
#[serde(from = "u32", into = "u64")]
pub struct Both {
    id: u32,
}

impl From<Written> for u32 {
    fn from(written: Written) -> Self {
        written.id
    }
}

impl TryFrom<u32> for Read {
    type Error = String;

    fn try_from(id: u32) -> Result<Self, String> {
        Ok(Self { id })
    }
}

impl From<Both> for u64 {
    fn from(both: Both) -> Self {
        both.id.into()
    }
}

impl From<u32> for Both {
    fn from(id: u32) -> Self {
        Self { id }
    }
}

fn main() {}
