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

/// A type of which it is known whether something without an order is in it. `#[message]` derives it.
///
/// Messages may contain each other in circles, and constants may not: so `D` says how deep to look. As it is a parameter, the compiler
/// looks where it is asked, and nowhere else: at a message it [refuses](refuse) there what it finds, at the user's field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be replicated",
    label = "the state, entry or output of a `Replicated` service is a `#[message]` type",
    note = "if the type is yours, put `#[message]` on it; a type of another crate can be a field of a `#[message]` type of yours"
)]
pub trait Ordered<D: Depth> {
    /// Whether it is itself without an order, or a container of the standard library with such a thing in it.
    const UNORDERED: bool = false;
}

/// How many types within each other are looked into.
pub trait Depth: Sized {
    /// One less.
    type Less: Within;
    /// What is known of a `T` that is one deeper.
    type Of<T: Ordered<Self::Less>>: Known;
}

/// A depth at which fields of messages are asked. A map by hash is known there only: so it is no state, entry or output by itself, which
/// the compiler says where it is written.
#[diagnostic::on_unimplemented(
    message = "a map or set by hash is in another order on each node, and cannot be replicated",
    label = "write `BTreeMap` or `BTreeSet`"
)]
pub trait Within: Depth {}

/// What is known of a type.
pub trait Known {
    /// As [`Ordered::UNORDERED`].
    const UNORDERED: bool;
}

/// So many more types within each other. The compiler shows it to users.
#[derive(Debug)]
pub struct Level<const N: usize>;

/// What `T` itself says.
#[derive(Debug)]
pub struct Asked<T, D>(PhantomData<fn() -> (T, D)>);

impl Depth for Level<0> {
    type Less = Self;
    type Of<T: Ordered<Self>> = Self;
}

impl<const N: usize> Within for Level<N> where Self: Depth {}

impl Known for Level<0> {
    const UNORDERED: bool = false;
}

impl<T: Ordered<D>, D: Depth> Known for Asked<T, D> {
    const UNORDERED: bool = T::UNORDERED;
}

macro_rules! levels {
    ($($n:literal > $less:literal),*) => {$(
        impl Depth for Level<$n> {
            type Less = Level<$less>;
            type Of<T: Ordered<Level<$less>>> = Asked<T, Level<$less>>;
        }
    )*};
}
levels!(
    1 > 0,
    2 > 1,
    3 > 2,
    4 > 3,
    5 > 4,
    6 > 5,
    7 > 6,
    8 > 7,
    9 > 8,
    10 > 9,
    11 > 10,
    12 > 11,
    13 > 12,
    14 > 13,
    15 > 14
);

/// As deep as it is looked: 16 messages within each other.
#[derive(Debug)]
pub struct Deep;

impl Depth for Deep {
    type Less = Level<15>;
    type Of<T: Ordered<Self::Less>> = Asked<T, Self::Less>;
}

/// Asks whether a field has an order. Of types that say nothing of it, [`AnyOrder`] answers.
#[derive(Debug)]
pub struct Order<T, D>(PhantomData<fn() -> (T, D)>);

impl<T: Ordered<D::Less>, D: Depth> Order<T, D> {
    /// As [`Ordered::UNORDERED`].
    pub const UNORDERED: bool = <D::Of<T> as Known>::UNORDERED;
}

/// Stands for what nothing is known of.
pub trait AnyOrder {
    /// Nothing is said against it.
    const UNORDERED: bool = false;
}
impl<T, D> AnyOrder for Order<T, D> {}

/// Does not compile if `found`, and says why at the place that asks: `#[message]` lets a field ask.
///
/// # Panics
/// If `found`.
#[track_caller]
pub const fn refuse(found: bool, why: &'static str) {
    assert!(!found, "{}", why);
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
            const UNORDERED: bool = $($arg::UNORDERED)||+;
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
            const UNORDERED: bool = T::UNORDERED;
        }
    )*};
}
transparent!(Box<T>, Rc<T>, Arc<T>);

impl<D: Depth, T: Ordered<D> + ToOwned + ?Sized> Ordered<D> for Cow<'static, T> {
    const UNORDERED: bool = T::UNORDERED;
}

impl<D: Depth, T: Ordered<D>> Ordered<D> for [T] {
    const UNORDERED: bool = T::UNORDERED;
}

impl<D: Depth, T: Ordered<D>, const N: usize> Ordered<D> for [T; N] {
    const UNORDERED: bool = T::UNORDERED;
}

impl<D: Depth, T: ?Sized> Ordered<D> for PhantomData<T> {}

impl<D: Within, K, V, H> Ordered<D> for HashMap<K, V, H> {
    const UNORDERED: bool = true;
}

impl<D: Within, T, H> Ordered<D> for HashSet<T, H> {
    const UNORDERED: bool = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    type Hashed = HashMap<u8, u8>;

    /// A type with these fields, as `#[message]` makes it, but that it tells what it finds.
    macro_rules! message {
        ($name:ident { $($field:ident: $t:ty),* }) => {
            struct $name;
            impl<D: Depth> Ordered<D> for $name {
                const UNORDERED: bool = $(Order::<$t, D>::UNORDERED)||*;
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

    fn of<T: Ordered<Deep>>() -> bool {
        T::UNORDERED
    }

    fn within<T: Ordered<Level<15>>>() -> bool {
        T::UNORDERED
    }

    #[test]
    fn standard_containers_have_an_order_if_what_they_hold_has() {
        assert!(!of::<BTreeMap<String, Vec<[Option<u8>; 3]>>>());
        let all = [within::<Hashed>(), within::<Box<Hashed>>(), within::<[Hashed; 2]>(), within::<(u8, Vec<Hashed>)>()];
        assert_eq!(all, [true; 4]);
        assert!(within::<BTreeMap<u8, Result<u8, Hashed>>>());
        assert!(within::<Cow<'static, [HashSet<u8>]>>());
    }

    #[test]
    fn field_without_an_order_is_found_however_deep() {
        assert_eq!([of::<Leaf>(), of::<Vec<Branch>>()], [true; 2]);
    }

    #[test]
    fn messages_that_contain_each_other_come_to_an_end() {
        assert_eq!([of::<There>(), of::<Back>()], [false; 2]);
        assert!(of::<Far>());
    }

    #[test]
    #[should_panic(expected = "`by` of `Leaf`")]
    fn what_is_found_is_refused_with_the_reason() {
        refuse(false, "nothing");
        refuse(true, "`by` of `Leaf`");
    }
}
