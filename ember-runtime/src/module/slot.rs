//! The field that holds a module.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use crate::actor::ModuleBusy;

/// A module, mounted as a field: `#[module] bag: Module<Bag>`. It derefs to the module, so that its parent uses it as
/// ordinary Rust.
///
/// # Panics
/// While a handler of the module itself runs, the module is not in its slot, because its parent is lent to that handler.
/// Reaching the module through the parent then panics, naming the module; [`try_get`](Module::try_get) and
/// [`try_get_mut`](Module::try_get_mut) return an error instead.
pub struct Module<T>(Option<Box<T>>);

// That `T` is a module is asked for by `#[module]` on the field, and not here once more for each use.
impl<T> Module<T> {
    /// Mounts `module`.
    pub fn new(module: T) -> Self {
        Self(Some(Box::new(module)))
    }

    /// The module.
    ///
    /// # Errors
    /// [`ModuleBusy`] while one of the module's own handlers runs.
    pub fn try_get(&self) -> Result<&T, ModuleBusy> {
        self.0.as_deref().ok_or(ModuleBusy::of::<T>())
    }

    /// The module, mutably.
    ///
    /// # Errors
    /// [`ModuleBusy`] while one of the module's own handlers runs.
    pub fn try_get_mut(&mut self) -> Result<&mut T, ModuleBusy> {
        self.0.as_deref_mut().ok_or(ModuleBusy::of::<T>())
    }

    pub(super) fn take(&mut self) -> Result<Box<T>, ModuleBusy> {
        self.0.take().ok_or(ModuleBusy::of::<T>())
    }

    pub(super) fn put_back(&mut self, module: Box<T>) {
        // The parent may have mounted another in its place meanwhile: then that one stays.
        self.0.get_or_insert(module);
    }
}

impl<T: Default> Default for Module<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Module<T> {
    fn from(module: T) -> Self {
        Self::new(module)
    }
}

impl<T> Deref for Module<T> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        self.try_get().unwrap_or_else(|busy| panic!("{busy}"))
    }
}

impl<T> DerefMut for Module<T> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        self.try_get_mut().unwrap_or_else(|busy| panic!("{busy}"))
    }
}

impl<T: fmt::Debug> fmt::Debug for Module<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(module) => module.fmt(f),
            None => f.write_str("(in use)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bag<T>(T);

    #[test]
    fn busy_module_is_named_without_its_path_and_arguments() {
        let mut module = Module::new(Bag(vec![1_u8]));
        let taken = module.take().unwrap();
        assert_eq!(module.try_get().err(), Some(ModuleBusy { module: "Bag" }));
        module.put_back(taken);
        assert_eq!(module.0.unwrap().0, [1]);
    }
}
