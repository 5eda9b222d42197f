//! Members, and sets of them as bits.

use std::fmt;

use crate::rules::Members;

/// Places where a process can run.
pub(crate) const PLACES: usize = 4;
/// Incarnations of a place: a process that starts again, or drops its state, is another member.
pub(crate) const LIVES: u8 = 4;

/// One incarnation of a place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Member(u8);

impl Member {
    pub(crate) fn new(place: usize, life: u8) -> Self {
        Self(place as u8 * LIVES + life)
    }

    pub(crate) fn place(self) -> usize {
        (self.0 / LIVES) as usize
    }

    pub(crate) fn life(self) -> u8 {
        self.0 % LIVES
    }

    /// As a number below 16.
    pub(crate) fn number(self) -> u8 {
        self.0
    }
}

/// A place, with a stroke for each incarnation after the first.
impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.place(), "'".repeat(self.life() as usize))
    }
}

/// A set of members.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Set(u16);

impl Set {
    pub(crate) fn of(members: impl IntoIterator<Item = Member>) -> Self {
        members.into_iter().fold(Self::default(), Self::with)
    }

    pub(crate) fn with(self, member: Member) -> Self {
        Self(self.0 | 1 << member.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn len(self) -> u8 {
        self.0.count_ones() as u8
    }

    pub(crate) fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Which incarnation of a place it names.
    pub(crate) fn at(self, place: usize) -> Option<Member> {
        self.each().find(|member| member.place() == place)
    }
}

impl Members for Set {
    type Member = Member;

    fn names(&self, member: Member) -> bool {
        self.0 >> member.0 & 1 == 1
    }

    fn each(&self) -> impl Iterator<Item = Member> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let next = (rest != 0).then(|| Member(rest.trailing_zeros() as u8))?;
            rest &= rest - 1;
            Some(next)
        })
    }

    fn and(&self, other: &Self) -> Self {
        Self(self.0 | other.0)
    }

    fn without(&self, member: Member) -> Self {
        Self(self.0 & !(1 << member.0))
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.each()).finish()
    }
}
