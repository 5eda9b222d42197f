//! How the handlers of a unit have it: one alone, or several together.

use std::{any::Any, sync::Arc};

/// A service or a module, by how its handlers have it. For whoever stands before units: each [`Unit`](crate::actor::Unit) is one.
pub trait Lends: Sized + Send + 'static {
    /// [`Alone`], or [`Together`].
    type Access: Access<Self>;
}

/// A unit that several handlers have at once. Generated code says so of a concurrent one, and there alone the compiler looks whether it is
/// `Sync`.
pub trait SharedByHandlers: Sync {}

/// How the handlers of the unit `U` have it.
pub trait Access<U>: 'static {
    /// What a handler is given: `&mut U`, or `&U`.
    type Loan<'a>: Send
    where
        U: 'a;
    /// What a hook is given that runs while no handler does: `&mut U`.
    type Whole<'a>: Send
    where
        U: 'a;
    /// What whoever runs handlers keeps.
    type Held: Send + 'static;

    /// Lends a unit that nobody else has.
    fn loan(unit: &mut U) -> Self::Loan<'_>;

    /// Lends all of a unit that nobody else has.
    fn whole(unit: &mut U) -> Self::Whole<'_>;

    /// Lends what was lent.
    fn again<'a>(loan: &'a mut Self::Loan<'_>) -> Self::Loan<'a>
    where
        U: 'a;

    /// Lends what is kept.
    fn lend(held: &mut Self::Held) -> Self::Loan<'_>;

    /// Keeps a unit.
    fn hold(unit: U) -> Self::Held;

    /// The unit, if nobody else keeps it.
    fn alone(held: &mut Self::Held) -> Option<&mut U>;

    /// The same unit once more, where several may have it.
    fn another(held: &Self::Held) -> Option<Self::Held>;

    /// The loan for whoever does not know its type.
    fn erase<'a>(loan: Self::Loan<'a>) -> Given<'a>
    where
        U: 'a;

    /// The loan of a unit of this type.
    fn given(given: Given<'_>) -> Option<Self::Loan<'_>>;
}

/// A loan whose type is not known.
#[derive(Debug)]
pub enum Given<'a> {
    /// Nobody else has the unit.
    Alone(&'a mut dyn Any),
    /// Others may have it too.
    Together(&'a (dyn Any + Send + Sync)),
}

/// One handler at a time has the unit, as `&mut`.
#[derive(Debug)]
pub struct Alone;

/// Several handlers have the unit at once, as `&`.
#[derive(Debug)]
pub struct Together;

/// What is kept of the unit `U` by whoever runs its handlers.
pub(crate) type Held<U> = <<U as Lends>::Access as Access<U>>::Held;

// By what units are said to be, so that one that cannot be lent is one error, where it is said.
impl<U: Lends> Access<U> for Alone {
    type Loan<'a>
        = &'a mut U
    where
        U: 'a;
    type Whole<'a>
        = &'a mut U
    where
        U: 'a;
    type Held = U;

    #[inline]
    fn loan(unit: &mut U) -> &mut U {
        unit
    }

    fn whole(unit: &mut U) -> &mut U {
        unit
    }

    #[inline]
    fn again<'a>(loan: &'a mut &mut U) -> &'a mut U
    where
        U: 'a,
    {
        loan
    }

    #[inline]
    fn lend(held: &mut U) -> &mut U {
        held
    }

    #[inline]
    fn hold(unit: U) -> U {
        unit
    }

    #[inline]
    fn alone(held: &mut U) -> Option<&mut U> {
        Some(held)
    }

    fn another(_: &U) -> Option<U> {
        None
    }

    fn erase<'a>(loan: &'a mut U) -> Given<'a>
    where
        U: 'a,
    {
        Given::Alone(loan)
    }

    fn given(given: Given<'_>) -> Option<&mut U> {
        match given {
            Given::Alone(unit) => unit.downcast_mut(),
            Given::Together(_) => None,
        }
    }
}

impl<U: Lends + SharedByHandlers> Access<U> for Together {
    type Loan<'a>
        = &'a U
    where
        U: 'a;
    type Whole<'a>
        = &'a mut U
    where
        U: 'a;
    type Held = Arc<U>;

    fn loan(unit: &mut U) -> &U {
        unit
    }

    fn whole(unit: &mut U) -> &mut U {
        unit
    }

    fn again<'a>(loan: &'a mut &U) -> &'a U
    where
        U: 'a,
    {
        loan
    }

    fn lend(held: &mut Arc<U>) -> &U {
        held
    }

    fn hold(unit: U) -> Arc<U> {
        Arc::new(unit)
    }

    fn alone(held: &mut Arc<U>) -> Option<&mut U> {
        Arc::get_mut(held)
    }

    fn another(held: &Arc<U>) -> Option<Arc<U>> {
        Some(Arc::clone(held))
    }

    fn erase<'a>(loan: &'a U) -> Given<'a>
    where
        U: 'a,
    {
        Given::Together(loan)
    }

    fn given(given: Given<'_>) -> Option<&U> {
        match given {
            Given::Together(unit) => unit.downcast_ref(),
            Given::Alone(unit) => unit.downcast_ref(),
        }
    }
}

/// Handlers that take `&mut self` fit units that they have alone.
#[diagnostic::on_unimplemented(
    message = "several handlers of a concurrent service run at once, and none has it as `&mut self`",
    label = "write `&self`",
    note = "what they change they share: an atomic, a `Mutex`, a channel; `#[on(init)]`, `#[on(start)]` and `#[on(stop)]` take `&mut self`",
    note = "or leave `concurrent` out: then one handler runs at a time, and has `&mut self`"
)]
pub trait ByMut {}
// Of a unit that its handlers have alone, so that no second `&mut` is recommended.
#[diagnostic::do_not_recommend]
impl<U: Lends<Access = Alone>> ByMut for &mut U {}

/// Generated code gives a loan to this where its handler takes `&mut self`. A function that makes one, so that the compiler points to it, and
/// not to the loan.
#[inline]
pub fn by_mut<L: ByMut>() -> fn(&L) {
    |_| ()
}

/// Modules in a concurrent unit are concurrent too.
#[diagnostic::on_unimplemented(
    message = "a module in a concurrent service or module must be concurrent too",
    label = "this one's handlers have it alone",
    note = "write `#[module(concurrent)]` on its struct, and `&self` in its handlers"
)]
pub trait ByRef<U>: Access<U> {
    /// Lends a unit that others may have too.
    fn by_ref(unit: &U) -> Self::Loan<'_>;
}

impl<U: Lends + SharedByHandlers> ByRef<U> for Together {
    fn by_ref(unit: &U) -> &U {
        unit
    }
}

/// A module in its place, as its handlers have it of which several run at once.
///
/// # Errors
/// What it was given.
pub fn by_ref<U: Lends<Access: ByRef<U>>, E>(module: Result<&U, E>) -> Result<<U::Access as Access<U>>::Loan<'_>, E> {
    module.map(U::Access::by_ref)
}
