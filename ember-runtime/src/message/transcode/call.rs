//! What a call sends and gets, as JSON.

use serde_json::{Map, Value};

use super::{context::Context, read::Wanted, write::Given};
use crate::message::{
    codecs::{put_frame, take_frame},
    format::{self, CodecError},
    schema::{MethodSchema, Shape},
};

/// Appends the arguments of a method: `args` is an object with their names, or a list in their order.
///
/// # Errors
/// What does not fit the schema, with the way to it; then a part may be there.
pub(crate) fn args_from_json(schema: &MethodSchema, args: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let context = Context::of(&schema.types);
    let names = || schema.args.iter().map(|arg| format!("`{}`", arg.name)).collect::<Vec<_>>().join(", ");
    let wants = || if schema.args.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", names()) };
    let none = Value::Object(Map::new());
    let args = if args.is_null() && schema.args.is_empty() { &none } else { args };
    match args {
        Value::Array(given) if given.len() == schema.args.len() => {
            for (arg, value) in schema.args.iter().zip(given) {
                context.at_name(&arg.name, || put(&context, &arg.shape, value, out))?;
            }
            Ok(())
        }
        Value::Array(given) => Err(CodecError::new(format!("{} arguments were given: {}", given.len(), wants()))),
        Value::Object(given) => {
            if let Some(strange) = given.keys().find(|key| !schema.args.iter().any(|arg| arg.name == **key)) {
                return Err(CodecError::new(format!("there is no argument `{strange}`: {}", wants())));
            }
            for arg in &schema.args {
                let value = match given.get(&*arg.name) {
                    Some(value) => value,
                    None if matches!(arg.shape, Shape::Option(_)) => &Value::Null,
                    None => return Err(CodecError::new(format!("the argument `{}` is missing", arg.name))),
                };
                context.at_name(&arg.name, || put(&context, &arg.shape, value, out))?;
            }
            Ok(())
        }
        _ => Err(CodecError::new(format!("arguments are an object with their names, or a list: {}", wants()))),
    }
}

/// The value that a method returned.
///
/// # Errors
/// If the bytes are none, with the way to what is wrong.
pub(crate) fn value_to_json(schema: &MethodSchema, bytes: &[u8]) -> Result<Value, CodecError> {
    to_json(&Context::of(&schema.types), &schema.value, bytes)
}

/// The error that a method returned.
///
/// # Errors
/// If the bytes are none, with the way to what is wrong, or if the method has no error.
pub(crate) fn error_to_json(schema: &MethodSchema, bytes: &[u8]) -> Result<Value, CodecError> {
    let error = schema.error.as_ref().ok_or_else(|| CodecError::new("the schema of the method has no error"))?;
    to_json(&Context::of(&schema.types), error, bytes)
}

fn put(context: &Context<'_>, shape: &Shape, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
    match shape {
        Shape::Coded(codec, _) if codec == "json" => {
            put_frame(out, |out| format::write_json(value, out).map_err(CodecError::new))
        }
        _ => format::append(&Given { context, shape, value }, out).map_err(|error| context.error(&error.to_string())),
    }
}

fn to_json(context: &Context<'_>, shape: &Shape, mut bytes: &[u8]) -> Result<Value, CodecError> {
    let value = match shape {
        Shape::Coded(codec, _) if codec == "json" => {
            let own = take_frame(&mut bytes).ok_or_else(|| CodecError::new("there are too few bytes"))?;
            serde_json::from_slice(own).map_err(CodecError::new)?
        }
        _ => {
            format::read_by(Wanted { context, shape }, &mut bytes).map_err(|error| context.error(&error.to_string()))?
        }
    };
    if bytes.is_empty() { Ok(value) } else { Err(CodecError::new("there are bytes left over after the value")) }
}
