//! Whether modules come or go in one step of a service.

use std::cell::Cell as Flag;

thread_local! {
    /// Whether modules were added or released in the present step of a service.
    static CHANGED: Flag<bool> = const { Flag::new(false) };
}

/// Says that modules were added or released.
pub(crate) fn note_change() {
    CHANGED.set(true);
}

/// Notices whether modules are added or released in one step of a service. The step may be one within that of another
/// service.
pub(crate) struct Noticing(Option<bool>);

impl Noticing {
    /// Of a service that has fields with modules under keys, or none.
    #[inline]
    pub(crate) fn begin(has_keyed: bool) -> Self {
        Self(has_keyed.then(|| CHANGED.replace(false)))
    }

    /// Whether any were.
    #[inline]
    pub(crate) fn end(self) -> bool {
        self.0.is_some_and(|outer| CHANGED.replace(outer))
    }
}
