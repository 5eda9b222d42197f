//! What a thread keeps for another time: values of any types, found by type, or by a kind where several have one type.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
};

/// So many of a type are kept, no more.
const KEPT: usize = 32;

thread_local! {
    /// Each kind, and a `Vec` of its values. What was used last comes first; there are not more kinds than the program has types.
    static SHELVES: RefCell<Vec<(TypeId, Box<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

/// Shows `action` the shelf for one type of values, a `Vec`, which `make` makes. It knows no types, so that a program has it
/// once; optimised, it becomes part of where it is used.
#[inline]
fn with(kind: TypeId, make: fn() -> Box<dyn Any>, action: &mut dyn FnMut(&mut dyn Any)) {
    // A thread that ends has no shelves any more.
    let _ended = SHELVES.try_with(|shelves| {
        let shelves = &mut *shelves.borrow_mut();
        if shelves.first().is_none_or(|(first, _)| *first != kind) {
            to_the_front(shelves, kind, make);
        }
        if let Some((_, shelf)) = shelves.first_mut() {
            action(&mut **shelf);
        }
    });
}

fn to_the_front(shelves: &mut Vec<(TypeId, Box<dyn Any>)>, kind: TypeId, make: fn() -> Box<dyn Any>) {
    let place = shelves.iter().position(|(other, _)| *other == kind).unwrap_or_else(|| {
        shelves.push((kind, make()));
        shelves.len() - 1
    });
    shelves.swap(0, place);
}

fn empty<T: 'static>() -> Box<dyn Any> {
    Box::new(Vec::<T>::new())
}

/// A value that was kept.
#[inline]
pub(crate) fn take<T: 'static>() -> Option<T> {
    take_of(TypeId::of::<T>())
}

/// A value of this kind that was kept. Those of one kind are of one type.
#[inline]
pub(crate) fn take_of<T: 'static>(kind: TypeId) -> Option<T> {
    let mut taken = None;
    with(kind, empty::<T>, &mut |shelf| taken = shelf.downcast_mut::<Vec<T>>().and_then(Vec::pop));
    taken
}

/// Keeps a value, if there is room.
#[inline]
pub(crate) fn keep<T: 'static>(value: T) {
    keep_of(TypeId::of::<T>(), value);
}

/// Keeps a value of this kind, if there is room.
#[inline]
pub(crate) fn keep_of<T: 'static>(kind: TypeId, value: T) {
    let mut value = Some(value);
    with(kind, empty::<T>, &mut |shelf| {
        if let Some(shelf) = shelf.downcast_mut::<Vec<T>>()
            && shelf.len() < KEPT
            && let Some(value) = value.take()
        {
            shelf.push(value);
        }
    });
    // One that found no room is dropped after the shelves were let go of.
    drop(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_shelf_of_its_own_with_bounded_room() {
        assert_eq!(take::<u8>(), None);
        (0..=u8::MAX).for_each(keep::<u8>);
        keep("one".to_owned());
        assert_eq!(take::<String>().as_deref(), Some("one"));
        assert_eq!(std::iter::from_fn(take::<u8>).count(), KEPT);
    }
}
