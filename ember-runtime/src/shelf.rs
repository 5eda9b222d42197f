//! What a thread keeps for another time: values of any types, found by type.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
};

/// So many of a type are kept, no more.
const KEPT: usize = 32;

thread_local! {
    /// Each type, and a `Vec` of its values. What was used last comes first; there are not more types than the program has.
    static SHELVES: RefCell<Vec<(TypeId, Box<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

/// The shelf for values of one type.
#[inline]
fn shelf<T: 'static>(shelves: &mut Vec<(TypeId, Box<dyn Any>)>) -> Option<&mut Vec<T>> {
    let kind = TypeId::of::<T>();
    if shelves.first().is_none_or(|(first, _)| *first != kind) {
        to_the_front::<T>(shelves, kind);
    }
    shelves.first_mut()?.1.downcast_mut()
}

fn to_the_front<T: 'static>(shelves: &mut Vec<(TypeId, Box<dyn Any>)>, kind: TypeId) {
    let place = shelves.iter().position(|(other, _)| *other == kind).unwrap_or_else(|| {
        shelves.push((kind, Box::new(Vec::<T>::new())));
        shelves.len() - 1
    });
    shelves.swap(0, place);
}

/// A value that was kept.
#[inline]
pub(crate) fn take<T: 'static>() -> Option<T> {
    // A thread that ends has no shelves any more.
    SHELVES.try_with(|shelves| shelf::<T>(&mut shelves.borrow_mut())?.pop()).ok().flatten()
}

/// Keeps a value, if there is room.
#[inline]
pub(crate) fn keep<T: 'static>(value: T) {
    let mut value = Some(value);
    let _ended = SHELVES.try_with(|shelves| {
        if let Some(shelf) = shelf::<T>(&mut shelves.borrow_mut()).filter(|shelf| shelf.len() < KEPT) {
            shelf.extend(value.take());
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
