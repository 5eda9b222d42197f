//! Who is to be woken, where a lock guards that. A waker may be anything of the user's, also what owns a task that holds a call: it
//! is cloned, dropped and woken with nothing locked.

use std::{mem, task::Waker};

/// Sees to it that `task` is woken; `false` if `spare` has to hold a clone of it first. Then `spare` holds what was there before, which
/// is to be dropped when nothing is locked any more.
#[inline]
pub(crate) fn watch(place: &mut Option<Waker>, task: &Waker, spare: &mut Option<Waker>) -> bool {
    let is_known = place.as_ref().is_some_and(|known| known.will_wake(task));
    if !is_known && spare.is_some() {
        mem::swap(place, spare);
        return true;
    }
    is_known
}
