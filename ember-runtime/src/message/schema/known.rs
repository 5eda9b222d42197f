//! Types that know their structure: what `#[message]` derives, and what the standard library brings.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    marker::PhantomData,
    num::{NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroUsize},
    ops::{Range, RangeInclusive},
    rc::Rc,
    sync::Arc,
};

use super::{shape::Shape, types::Types};
use crate::id::{Incarnation, MethodId, NodeId, NodeKey, Pid, UniqueId};

/// The structure of a type, for the fingerprints of the methods that it occurs in. `#[message]` derives it.
///
/// What counts: the names of types, of fields and of variants, and their order; the types of fields, all the way down; the
/// lengths of arrays. Fields with `#[serde(skip)]` do not count, because they do not travel. Attributes of serde that may change
/// the bytes (`with`, `other`, …) count by their text, and with `from` and `into` the type that they name counts; those that do not
/// change postcard's (`rename`, `default`, `alias`, …) do not.
///
/// A type that has only serde's traits counts by its name and its arguments' names, without paths. That is much
/// weaker: such a type can change its fields unnoticed, and then its bytes are read wrongly or refused. The same holds for a
/// standard container of one, such as `Vec<Foreign>`, and for a generic type whose argument is one.
///
/// It may be implemented by hand for such a type: say whatever changes when its bytes do, as [`Shape::Foreign`].
pub trait Schema: 'static {
    /// Whether the type travels as JSON only: see `#[message(codec = "json")]`. A container does if what it contains does.
    const JSON_ONLY: bool = false;

    /// What its structure is. Types with names of their own are entered in `types`.
    fn shape(types: &mut Types) -> Shape;
}

macro_rules! by_name {
    ($($t:ty = $name:literal),* $(,)?) => {$(
        impl Schema for $t {
            fn shape(_: &mut Types) -> Shape {
                Shape::Plain($name.into())
            }
        }
    )*};
}
by_name! {
    u8 = "u8", u16 = "u16", u32 = "u32", u64 = "u64", u128 = "u128", usize = "usize",
    i8 = "i8", i16 = "i16", i32 = "i32", i64 = "i64", i128 = "i128", isize = "isize",
    f32 = "f32", f64 = "f64", bool = "bool", char = "char", str = "String", String = "String", () = "()",
    NonZeroU8 = "NonZeroU8", NonZeroU16 = "NonZeroU16", NonZeroU32 = "NonZeroU32", NonZeroU64 = "NonZeroU64",
    NonZeroUsize = "NonZeroUsize",
    NonZeroI8 = "NonZeroI8", NonZeroI16 = "NonZeroI16", NonZeroI32 = "NonZeroI32", NonZeroI64 = "NonZeroI64",
    std::time::Duration = "Duration", std::time::SystemTime = "SystemTime",
    std::path::PathBuf = "PathBuf", std::ffi::CString = "CString", std::ffi::OsString = "OsString",
    std::net::IpAddr = "IpAddr", std::net::Ipv4Addr = "Ipv4Addr", std::net::Ipv6Addr = "Ipv6Addr",
    std::net::SocketAddr = "SocketAddr", std::net::SocketAddrV4 = "SocketAddrV4",
    std::net::SocketAddrV6 = "SocketAddrV6",
    Pid = "Pid", NodeId = "NodeId", NodeKey = "NodeKey", Incarnation = "Incarnation", MethodId = "MethodId",
    UniqueId = "UniqueId",
}

/// Types that serde writes as what they hold.
macro_rules! transparent {
    ($($t:ty),* $(,)?) => {$(
        impl<T: Schema + ?Sized> Schema for $t {
            const JSON_ONLY: bool = T::JSON_ONLY;

            fn shape(types: &mut Types) -> Shape {
                T::shape(types)
            }
        }
    )*};
}
transparent!(Box<T>, Rc<T>, Arc<T>);

impl<T: Schema + ToOwned + ?Sized> Schema for Cow<'static, T> {
    const JSON_ONLY: bool = T::JSON_ONLY;

    fn shape(types: &mut Types) -> Shape {
        T::shape(types)
    }
}

impl<T: Schema> Schema for [T] {
    const JSON_ONLY: bool = T::JSON_ONLY;

    fn shape(types: &mut Types) -> Shape {
        Shape::List("Vec".into(), Box::new(T::shape(types)))
    }
}

/// Types of others, by what they are.
macro_rules! generic {
    ($($t:ident<$($arg:ident),+ $(; $free:ident)?> = $shape:expr),* $(,)?) => {$(
        impl<$($arg: Schema,)+ $($free: 'static)?> Schema for $t<$($arg,)+ $($free)?> {
            const JSON_ONLY: bool = $($arg::JSON_ONLY)||+;

            fn shape(types: &mut Types) -> Shape {
                let shape = $shape;
                shape($(Box::new($arg::shape(types))),+)
            }
        }
    )*};
}
generic! {
    Option<T> = Shape::Option,
    Result<T, E> = Shape::Result,
    Vec<T> = |of| Shape::List("Vec".into(), of),
    VecDeque<T> = |of| Shape::List("VecDeque".into(), of),
    LinkedList<T> = |of| Shape::List("LinkedList".into(), of),
    BinaryHeap<T> = |of| Shape::List("BinaryHeap".into(), of),
    BTreeSet<T> = |of| Shape::List("Set".into(), of),
    HashSet<T; H> = |of| Shape::List("Set".into(), of),
    BTreeMap<K, V> = Shape::Map,
    HashMap<K, V; H> = Shape::Map,
    Range<T> = |of| Shape::Range("Range".into(), of),
    RangeInclusive<T> = |of| Shape::Range("RangeInclusive".into(), of),
    Reverse<T> = Shape::Reverse,
}

impl<T: ?Sized + 'static> Schema for PhantomData<T> {
    fn shape(_: &mut Types) -> Shape {
        Shape::Plain("()".into())
    }
}

impl<T: Schema, const N: usize> Schema for [T; N] {
    const JSON_ONLY: bool = T::JSON_ONLY;

    fn shape(types: &mut Types) -> Shape {
        Shape::Array(Box::new(T::shape(types)), N)
    }
}

macro_rules! tuples {
    ($(($($arg:ident)+))*) => {$(
        impl<$($arg: Schema),+> Schema for ($($arg,)+) {
            const JSON_ONLY: bool = $($arg::JSON_ONLY)||+;

            fn shape(types: &mut Types) -> Shape {
                Shape::Tuple(vec![$($arg::shape(types)),+])
            }
        }
    )*};
}
tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::schema::{Body, Field, Fields, Signature};

    fn text<T: Schema>() -> String {
        Signature::new(&[("it", T::shape)], <()>::shape, None).text().to_owned()
    }

    struct List;

    impl Schema for List {
        fn shape(types: &mut Types) -> Shape {
            types.named::<Self>("List", "", "", |types| {
                let (head, tail) = (u32::shape(types), Option::<Box<Self>>::shape(types));
                Body::Struct(Fields::Named(vec![Field::new("head", head), Field::new("tail", tail)]))
            })
        }
    }

    #[test]
    fn recursive_types_come_to_an_end() {
        assert_eq!(text::<List>(), "(List { head: u32, tail: Option<List#0> }) -> ()");
    }

    #[test]
    fn standard_types_read_as_they_are_written() {
        assert_eq!(text::<HashMap<u32, Vec<(u8, String)>>>(), "(Map<u32, Vec<(u8, String)>>) -> ()");
        assert_eq!(text::<[Option<Cow<'static, str>>; 4]>(), "([Option<String>; 4]) -> ()");
        assert_eq!(text::<Result<Box<u8>, ()>>(), "(Result<u8, ()>) -> ()");
    }
}
