//! Types that people try to send, and for which the advice that other types get would be wrong: they have words of their own.
#![expect(clippy::disallowed_types, reason = "users have it, and nothing here asks it for the time")]

use std::{error::Error, io, marker::PhantomData, time::Instant};

use super::{coding::Coding, probe::Probe};
use crate::{
    error::CallError,
    message::{format::Message, schema::Shape},
};

/// Never to be coded. Stands beside the other choices of [`Probe`].
pub trait PickMisplaced<T> {
    /// What says why.
    type Why;

    /// The answer.
    fn pick(&self) -> Misplaced<T, Self::Why> {
        Misplaced(PhantomData)
    }
}

impl<E> PickMisplaced<CallError<E>> for &&Probe<CallError<E>> {
    type Why = OfACall;
}

impl PickMisplaced<Instant> for &&Probe<Instant> {
    type Why = AnInstant;
}

impl PickMisplaced<tokio::time::Instant> for &&Probe<tokio::time::Instant> {
    type Why = AnInstant;
}

impl PickMisplaced<io::Error> for &&Probe<io::Error> {
    type Why = AnError;
}

impl PickMisplaced<crate::error::Error> for &&Probe<crate::error::Error> {
    type Why = AnError;
}

impl PickMisplaced<Box<dyn Error>> for &&Probe<Box<dyn Error>> {
    type Why = AnError;
}

impl PickMisplaced<Box<dyn Error + Send>> for &&Probe<Box<dyn Error + Send>> {
    type Why = AnError;
}

impl PickMisplaced<Box<dyn Error + Send + Sync>> for &&Probe<Box<dyn Error + Send + Sync>> {
    type Why = AnError;
}

/// The answer for what does not travel, whatever is put on it.
#[derive(Debug)]
pub struct Misplaced<T, Why>(PhantomData<fn() -> (T, Why)>);

/// Why: [`CallError`] is about a call.
#[derive(Debug)]
pub struct OfACall;

/// Why: a `Streaming` is a result as a whole, or nothing.
#[derive(Debug)]
pub struct AStream;

/// Why: a `Deferred` is a result as a whole, or nothing.
#[derive(Debug)]
pub struct ADeferred;

/// Why: an `Instant` is a time on one machine.
#[derive(Debug)]
pub struct AnInstant;

/// Why: it holds what only its own process knows.
#[derive(Debug)]
pub struct AnError;

impl<T> Misplaced<T, OfACall> {
    /// The coding, if there were one.
    pub fn coding(self) -> Coding<T>
    where
        T: ErrorOfOnesOwn,
    {
        never()
    }
}

impl<T> Misplaced<T, AStream> {
    /// The coding, if there were one.
    pub fn coding(self) -> Coding<T>
    where
        T: ValueThatIsNoStream,
    {
        never()
    }
}

impl<T> Misplaced<T, ADeferred> {
    /// The coding, if there were one.
    pub fn coding(self) -> Coding<T>
    where
        T: ValueThatIsThere,
    {
        never()
    }
}

impl<T> Misplaced<T, AnInstant> {
    /// The coding, if there were one.
    pub fn coding(self) -> Coding<T>
    where
        T: TimeForAll,
    {
        never()
    }
}

impl<T> Misplaced<T, AnError> {
    /// The coding, if there were one.
    pub fn coding(self) -> Coding<T>
    where
        T: ErrorThatTravels,
    {
        never()
    }
}

fn never<T: Message>() -> Coding<T> {
    super::coding::postcard(|_| Shape::name_of::<T>())
}

/// What [`CallError`] is not. Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "`CallError` tells a caller how its own call went, and does not travel",
    label = "map it to an error of your own, for instance to a variant with its text"
)]
pub trait ErrorOfOnesOwn: Message {}

/// What a `Streaming` is not. Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "a stream is what a method returns, written as `Streaming<T>` or `Result<Streaming<T>, E>`, and nothing else",
    label = "as a result, write `Streaming<…>` itself: an alias does not show that it is one; an argument can be a `Vec<T>`, or a call for each item"
)]
pub trait ValueThatIsNoStream: Message {}

/// What a `Deferred` is not. Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "a reply that comes later is what a method returns, written as `Deferred<T>` or `Deferred<Result<T, E>>`, and nothing else",
    label = "write `Deferred<…>` around the whole result; its `Replier` stays in the service, or goes to a task of it"
)]
pub trait ValueThatIsThere: Message {}

/// What an `Instant` is not. Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "an `Instant` is a time on the clock of one machine, and means nothing on another",
    label = "send a `Duration` (how long ago, or how long from now), or a `SystemTime`"
)]
pub trait TimeForAll: Message {}

/// What an [`io::Error`] or a `Box<dyn Error>` is not. Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds what only this process knows, and cannot travel between nodes",
    label = "return an error of your own, a `#[message]` enum, or a `String`: `.map_err(|error| error.to_string())`"
)]
pub trait ErrorThatTravels: Message {}
