//! The types that everybody knows by their names, and how they look in JSON.

use serde_json::{Value, json};

/// The JSON Schema of what serde writes for the type of this name; `None` for one that is not known.
pub(super) fn json_schema(name: &str) -> Option<Value> {
    let between = |least: i128, most: u128| json!({ "type": "integer", "minimum": least, "maximum": most });
    let signed = |bits: u32| between(-(1_i128 << (bits - 1)), (1_u128 << (bits - 1)) - 1);
    let parts = |names: [&str; 2]| {
        json!({
            "type": "object",
            "properties": { names[0]: between(0, u64::MAX.into()), names[1]: between(0, 999_999_999) },
            "required": names,
        })
    };
    Some(match name {
        "u8" => between(0, u8::MAX.into()),
        "u16" => between(0, u16::MAX.into()),
        "u32" | "MethodId" => between(0, u32::MAX.into()),
        "u64" | "usize" | "NodeId" | "Incarnation" => between(0, u64::MAX.into()),
        "NonZeroU8" => between(1, u8::MAX.into()),
        "NonZeroU16" => between(1, u16::MAX.into()),
        "NonZeroU32" => between(1, u32::MAX.into()),
        "NonZeroU64" | "NonZeroUsize" => between(1, u64::MAX.into()),
        "i8" => signed(8),
        "i16" => signed(16),
        "i32" => signed(32),
        "i64" | "isize" => signed(64),
        "NonZeroI8" => json!({ "allOf": [signed(8), { "not": { "const": 0 } }] }),
        "NonZeroI16" => json!({ "allOf": [signed(16), { "not": { "const": 0 } }] }),
        "NonZeroI32" => json!({ "allOf": [signed(32), { "not": { "const": 0 } }] }),
        "NonZeroI64" => json!({ "allOf": [signed(64), { "not": { "const": 0 } }] }),
        "u128" => json!({ "type": "integer", "minimum": 0 }),
        "i128" => json!({ "type": "integer" }),
        "f32" | "f64" => json!({ "type": "number" }),
        "bool" => json!({ "type": "boolean" }),
        "char" => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        "String" | "PathBuf" => json!({ "type": "string" }),
        "()" => json!({ "type": "null" }),
        "Duration" => parts(["secs", "nanos"]),
        "SystemTime" => parts(["secs_since_epoch", "nanos_since_epoch"]),
        "CString" => json!({ "type": "array", "items": between(1, u8::MAX.into()) }),
        "Ipv4Addr" => json!({ "type": "string", "format": "ipv4" }),
        "Ipv6Addr" => json!({ "type": "string", "format": "ipv6" }),
        "IpAddr" => {
            json!({ "anyOf": [{ "type": "string", "format": "ipv4" }, { "type": "string", "format": "ipv6" }] })
        }
        "SocketAddr" | "SocketAddrV4" | "SocketAddrV6" => json!({ "type": "string" }),
        "UniqueId" => json!({ "type": "string", "pattern": "^[0-9]+$" }),
        "NodeKey" => node_key(),
        "Pid" => json!({
            "type": "object",
            "properties": { "node": node_key(), "number": between(0, u64::MAX.into()) },
            "required": ["node", "number"],
        }),
        _ => return None,
    })
}

fn node_key() -> Value {
    let number = json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX });
    json!({
        "type": "object",
        "properties": { "id": number, "incarnation": number },
        "required": ["id", "incarnation"],
    })
}
