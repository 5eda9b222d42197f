//! What a method returns, as far as the words of its type say it.

use syn::{GenericArgument, PathArguments, Type};

use crate::{
    model::Output,
    parse::words::{bare, bared},
};

/// What a type says of success, failure and time.
pub(super) fn read(whole: Type) -> Output {
    let whole = bared(whole);
    match named(&whole, "Deferred").and_then(|args| args.first().copied()) {
        Some(later) => {
            let of = Box::new(result(later.clone()));
            Output::Later { whole, of }
        }
        None => result(whole),
    }
}

fn result(whole: Type) -> Output {
    let whole = bared(whole);
    let Some(args) = named(&whole, "Result") else { return Output::Value(whole) };
    match *args {
        [value, error] => {
            let (value, error) = (Box::new(value.clone()), Box::new(error.clone()));
            Output::Fallible { whole, value, error }
        }
        _ => Output::Alias(whole),
    }
}

/// `T`, if callers get a `Streaming<T>`.
pub(super) fn items(output: &Output) -> Option<Type> {
    let value = match output.seen() {
        Output::Value(value) => value,
        Output::Fallible { value, .. } => value,
        Output::Alias(_) | Output::Later { .. } => return None,
    };
    named(value, "Streaming")?.first().map(|&item| item.clone())
}

/// The types beside and within the `Streaming<…>` of a result, if there is one where it may be.
pub(super) fn around_stream(ty: &Type) -> Option<Vec<&Type>> {
    if let Some(later) = named(ty, "Deferred").and_then(|args| args.first().copied()) {
        return around_stream(later);
    }
    if let Some(args) = named(ty, "Streaming") {
        return (args.len() == 1).then_some(args);
    }
    match *named(ty, "Result")? {
        [value, error] => {
            let mut all = named(value, "Streaming").filter(|args| args.len() == 1)?;
            all.push(error);
            Some(all)
        }
        _ => None,
    }
}

/// The type arguments of a type whose last word is `name`.
fn named<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
    let Type::Path(path) = bare(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    Some(type_args(&last.arguments).collect())
}

/// The types among the arguments of a segment.
pub(super) fn type_args(arguments: &PathArguments) -> impl Iterator<Item = &Type> {
    let args = match arguments {
        PathArguments::AngleBracketed(list) => Some(list.args.iter()),
        _ => None,
    };
    args.into_iter().flatten().filter_map(|arg| if let GenericArgument::Type(ty) = arg { Some(ty) } else { None })
}
