//! Which types are read in one order everywhere. Maps and sets by hash are not: what walks through one comes to another end in each
//! process.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    marker::PhantomData,
    ops::{Range, RangeInclusive},
    rc::Rc,
    sync::Arc,
};

use crate::id::{Incarnation, MethodId, NodeId, NodeKey, Pid, UniqueId};

/// A type of which it is known where something without an order is in it. `#[message]` derives it.
///
/// Messages may contain each other in circles, and constants may not: so `D` says how deep to look. As it is a parameter, the compiler
/// looks where it is asked, and nowhere else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be replicated",
    label = "the state, entry or output of a `Replicated` service is a `#[message]` type",
    note = "if the type is yours, put `#[message]` on it; a type of another crate can be a field of a `#[message]` type of yours"
)]
pub trait Ordered<D: Depth> {
    /// Where: in words. Empty: it is itself without an order.
    const UNORDERED: Option<&'static str> = None;
}

/// How many types within each other are looked into.
pub trait Depth: Sized {
    /// One less.
    type Less: Depth;
    /// What is known of a `T` that is one deeper.
    type Of<T: Ordered<Self::Less>>: Known;
}

/// What is known of a type.
pub trait Known {
    /// As [`Ordered::UNORDERED`].
    const UNORDERED: Option<&'static str>;
}

/// No further.
#[derive(Debug)]
pub struct Bottom;

/// One more than `D`.
#[derive(Debug)]
pub struct Deeper<D>(PhantomData<D>);

/// What `T` itself says.
#[derive(Debug)]
pub struct Asked<T, D>(PhantomData<fn() -> (T, D)>);

impl Depth for Bottom {
    type Less = Self;
    type Of<T: Ordered<Self>> = Self;
}

impl<D: Depth> Depth for Deeper<D> {
    type Less = D;
    type Of<T: Ordered<D>> = Asked<T, D>;
}

impl Known for Bottom {
    const UNORDERED: Option<&'static str> = None;
}

impl<T: Ordered<D>, D: Depth> Known for Asked<T, D> {
    const UNORDERED: Option<&'static str> = T::UNORDERED;
}

type Five<D> = Deeper<Deeper<Deeper<Deeper<Deeper<D>>>>>;

/// As deep as it is looked: 16 messages within each other.
#[derive(Debug)]
pub struct Deep;

impl Depth for Deep {
    type Less = Five<Five<Five<Bottom>>>;
    type Of<T: Ordered<Self::Less>> = Asked<T, Self::Less>;
}

/// Asks whether a field has an order. Of types that say nothing of it, [`AnyOrder`] answers.
#[derive(Debug)]
pub struct Order<T, D>(PhantomData<fn() -> (T, D)>);

impl<T: Ordered<D::Less>, D: Depth> Order<T, D> {
    /// As [`Ordered::UNORDERED`].
    pub const UNORDERED: Option<&'static str> = <D::Of<T> as Known>::UNORDERED;
}

/// Stands for what nothing is known of.
pub trait AnyOrder {
    /// Nothing is said against it.
    const UNORDERED: Option<&'static str> = None;
}
impl<T, D> AnyOrder for Order<T, D> {}

/// The first of these that has no order: what is known of its type, and what is said of it if that is itself without one.
pub const fn unordered(fields: &[(Option<&'static str>, &'static str)]) -> Option<&'static str> {
    let mut rest = fields;
    while let [(known, itself), others @ ..] = rest {
        match known {
            None => rest = others,
            Some(deeper) if deeper.is_empty() => return Some(itself),
            Some(deeper) => return Some(deeper),
        }
    }
    None
}

macro_rules! plain {
    ($($t:ty),* $(,)?) => {$(
        impl<D: Depth> Ordered<D> for $t {}
    )*};
}
plain! {
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool, char, str, String, (),
    std::num::NonZeroU8, std::num::NonZeroU16, std::num::NonZeroU32, std::num::NonZeroU64, std::num::NonZeroUsize,
    std::num::NonZeroI8, std::num::NonZeroI16, std::num::NonZeroI32, std::num::NonZeroI64,
    std::time::Duration, std::time::SystemTime, std::path::PathBuf, std::ffi::CString, std::ffi::OsString,
    std::net::IpAddr, std::net::Ipv4Addr, std::net::Ipv6Addr,
    std::net::SocketAddr, std::net::SocketAddrV4, std::net::SocketAddrV6,
    Pid, NodeId, NodeKey, Incarnation, MethodId, UniqueId,
}

macro_rules! containers {
    ($(<$($arg:ident),+> $t:ty),* $(,)?) => {$(
        impl<D: Depth, $($arg: Ordered<D>),+> Ordered<D> for $t {
            const UNORDERED: Option<&'static str> = unordered_in(&[$($arg::UNORDERED),+]);
        }
    )*};
}
containers! {
    <T> Option<T>, <T, E> Result<T, E>, <T> Vec<T>, <T> VecDeque<T>, <T> LinkedList<T>, <T> BinaryHeap<T>,
    <T> BTreeSet<T>, <K, V> BTreeMap<K, V>, <T> Range<T>, <T> RangeInclusive<T>, <T> Reverse<T>,
    <A> (A,), <A, B> (A, B), <A, B, C> (A, B, C), <A, B, C, E> (A, B, C, E), <A, B, C, E, F> (A, B, C, E, F),
    <A, B, C, E, F, G> (A, B, C, E, F, G), <A, B, C, E, F, G, H> (A, B, C, E, F, G, H),
    <A, B, C, E, F, G, H, I> (A, B, C, E, F, G, H, I), <A, B, C, E, F, G, H, I, J> (A, B, C, E, F, G, H, I, J),
    <A, B, C, E, F, G, H, I, J, K> (A, B, C, E, F, G, H, I, J, K),
    <A, B, C, E, F, G, H, I, J, K, L> (A, B, C, E, F, G, H, I, J, K, L),
    <A, B, C, E, F, G, H, I, J, K, L, M> (A, B, C, E, F, G, H, I, J, K, L, M),
}

/// Types that serde writes as what they hold.
macro_rules! transparent {
    ($($t:ty),* $(,)?) => {$(
        impl<D: Depth, T: Ordered<D> + ?Sized> Ordered<D> for $t {
            const UNORDERED: Option<&'static str> = T::UNORDERED;
        }
    )*};
}
transparent!(Box<T>, Rc<T>, Arc<T>);

impl<D: Depth, T: Ordered<D> + ToOwned + ?Sized> Ordered<D> for Cow<'static, T> {
    const UNORDERED: Option<&'static str> = T::UNORDERED;
}

impl<D: Depth, T: Ordered<D>> Ordered<D> for [T] {
    const UNORDERED: Option<&'static str> = T::UNORDERED;
}

impl<D: Depth, T: Ordered<D>, const N: usize> Ordered<D> for [T; N] {
    const UNORDERED: Option<&'static str> = T::UNORDERED;
}

impl<D: Depth, T: ?Sized> Ordered<D> for PhantomData<T> {}

impl<D: Depth, K, V, H> Ordered<D> for HashMap<K, V, H> {
    const UNORDERED: Option<&'static str> = Some("");
}

impl<D: Depth, T, H> Ordered<D> for HashSet<T, H> {
    const UNORDERED: Option<&'static str> = Some("");
}

/// The first that is known.
const fn unordered_in(arguments: &[Option<&'static str>]) -> Option<&'static str> {
    let mut rest = arguments;
    while let [known, others @ ..] = rest {
        if known.is_some() {
            return *known;
        }
        rest = others;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    type Hashed = HashMap<u8, u8>;

    /// A type with these fields, as `#[message]` makes it.
    macro_rules! message {
        ($name:ident { $($field:ident: $t:ty),* }) => {
            struct $name;
            impl<D: Depth> Ordered<D> for $name {
                const UNORDERED: Option<&'static str> =
                    unordered(&[$((Order::<$t, D>::UNORDERED, stringify!($name.$field))),*]);
            }
        };
    }
    message!(Leaf { it: u8, by: HashSet<String> });
    message!(Branch { leaf: Option<(u8, Vec<Leaf>)> });
    message!(There { back: Option<Box<Back>> });
    message!(Back { there: Vec<There>, itself: Option<Box<Back>> });
    message!(Far { there: There, leaf: Foreign, back: Vec<Round> });
    message!(Round { far: Box<Far>, by: Hashed });
    struct Foreign;

    fn of<T: Ordered<Deep>>() -> Option<&'static str> {
        T::UNORDERED
    }

    #[test]
    fn standard_containers_have_an_order_if_what_they_hold_has() {
        assert_eq!(of::<BTreeMap<String, Vec<[Option<u8>; 3]>>>(), None);
        let all = [of::<Hashed>(), of::<Box<Hashed>>(), of::<[Hashed; 2]>(), of::<(u8, Vec<Hashed>)>()];
        assert_eq!(all, [Some(""); 4]);
        assert_eq!(of::<BTreeMap<u8, Result<u8, Hashed>>>(), Some(""));
        assert_eq!(of::<Cow<'static, [HashSet<u8>]>>(), Some(""));
    }

    #[test]
    fn field_without_an_order_is_named_however_deep() {
        assert_eq!([of::<Leaf>(), of::<Vec<Branch>>()], [Some("Leaf.by"); 2]);
    }

    #[test]
    fn messages_that_contain_each_other_come_to_an_end() {
        assert_eq!([of::<There>(), of::<Back>()], [None; 2]);
        assert_eq!(of::<Far>(), Some("Round.by"));
    }
}
