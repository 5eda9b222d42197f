//! The types that every program has, by their names.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _, ser::Error as _};
use serde_json::Value;

macro_rules! known {
    ($name:expr, $each:ident, $unknown:expr) => {{
        use std::{ffi, net, num, path, time};
        match $name {
            "u8" => $each!(u8),
            "u16" => $each!(u16),
            "u32" => $each!(u32),
            "u64" | "usize" => $each!(u64),
            "u128" => $each!(u128),
            "i8" => $each!(i8),
            "i16" => $each!(i16),
            "i32" => $each!(i32),
            "i64" | "isize" => $each!(i64),
            "i128" => $each!(i128),
            "f32" => $each!(f32),
            "f64" => $each!(f64),
            "bool" => $each!(bool),
            "char" => $each!(char),
            "String" => $each!(String),
            "()" => $each!(()),
            "NonZeroU8" => $each!(num::NonZeroU8),
            "NonZeroU16" => $each!(num::NonZeroU16),
            "NonZeroU32" => $each!(num::NonZeroU32),
            "NonZeroU64" | "NonZeroUsize" => $each!(num::NonZeroU64),
            "NonZeroI8" => $each!(num::NonZeroI8),
            "NonZeroI16" => $each!(num::NonZeroI16),
            "NonZeroI32" => $each!(num::NonZeroI32),
            "NonZeroI64" => $each!(num::NonZeroI64),
            "Duration" => $each!(time::Duration),
            "SystemTime" => $each!(time::SystemTime),
            "PathBuf" => $each!(path::PathBuf),
            "CString" => $each!(ffi::CString),
            "OsString" => $each!(ffi::OsString),
            "IpAddr" => $each!(net::IpAddr),
            "Ipv4Addr" => $each!(net::Ipv4Addr),
            "Ipv6Addr" => $each!(net::Ipv6Addr),
            "SocketAddr" => $each!(net::SocketAddr),
            "SocketAddrV4" => $each!(net::SocketAddrV4),
            "SocketAddrV6" => $each!(net::SocketAddrV6),
            "Pid" => $each!(crate::id::Pid),
            "NodeId" => $each!(crate::id::NodeId),
            "NodeKey" => $each!(crate::id::NodeKey),
            "Incarnation" => $each!(crate::id::Incarnation),
            "MethodId" => $each!(crate::id::MethodId),
            "UniqueId" => $each!(crate::id::UniqueId),
            _ => $unknown,
        }
    }};
}

/// Writes JSON as a value of the type of this name.
pub(super) fn write<S: Serializer>(name: &str, value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    fn given<T: DeserializeOwned + Serialize, S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
        T::deserialize(value).map_err(S::Error::custom)?.serialize(serializer)
    }
    macro_rules! each {
        ($t:ty) => {
            given::<$t, S>(value, serializer)
        };
    }
    known!(name, each, Err(S::Error::custom(unknown(name))))
}

/// Reads a value of the type of this name, as JSON.
pub(super) fn read<'de, D: Deserializer<'de>>(name: &str, deserializer: D) -> Result<Value, D::Error> {
    fn wanted<'de, T: Deserialize<'de> + Serialize, D: Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
        serde_json::to_value(T::deserialize(from)?).map_err(D::Error::custom)
    }
    macro_rules! each {
        ($t:ty) => {
            wanted::<$t, D>(deserializer)
        };
    }
    known!(name, each, Err(D::Error::custom(unknown(name))))
}

/// Whether JSON writes it as it is where a key of a map must be text.
pub(super) fn is_text(name: &str) -> bool {
    let numeric = |name: &str| matches!(name.as_bytes(), [b'u' | b'i' | b'f', b'0'..=b'9' | b's', ..]);
    !(numeric(name) || name.starts_with("NonZero") || matches!(name, "bool" | "NodeId" | "Incarnation" | "MethodId"))
}

fn unknown(name: &str) -> String {
    format!("the type `{name}` is not known to this version of Ember")
}
