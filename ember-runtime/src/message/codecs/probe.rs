//! Picks the coding of a type at compile time. Generated code asks `(&&&Probe::<T>::NEW).pick()`, with the traits of this file
//! in scope: the compiler takes the first one that fits, from the most borrowed receiver down.
//!
//! Types with a [`Schema`] come first, so that the standard library's types, for some of which prost has a format
//! too, are the same with and without the feature `prost`.

use std::marker::PhantomData;

use super::{
    codec::Codec,
    coding::{self, Coding},
    schema::Schema,
    sketch::Sketch,
};
use crate::{error::CallError, message::format::Message};

/// Asks what a type can do.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    /// The question.
    pub const NEW: Self = Self(PhantomData);
}

impl<T: Schema> Probe<T> {
    /// Whether the type travels as JSON only. Where nothing is known of a type, [`AnyCodec`] answers.
    pub const JSON_ONLY: bool = T::JSON_ONLY;
}

/// Stands for what nothing is known of.
pub trait AnyCodec {
    /// Whether it travels as JSON only.
    const JSON_ONLY: bool = false;
}
impl<T> AnyCodec for Probe<T> {}

/// The answer: postcard, with a fingerprint of the structure.
#[derive(Debug)]
pub struct Structural<T>(PhantomData<fn() -> T>);

/// The answer: protocol buffers.
#[cfg(feature = "prost")]
#[derive(Debug)]
pub struct ByProst<T>(PhantomData<fn() -> T>);

/// The answer: postcard, if serde knows the type, with a fingerprint of its name.
#[derive(Debug)]
pub struct Nominal<T>(PhantomData<fn() -> T>);

/// The answer for `CallError`, for which the advice that other types get would be wrong.
#[derive(Debug)]
pub struct Misplaced<T>(PhantomData<fn() -> T>);

/// First choice.
pub trait PickStructural<T> {
    /// The answer.
    fn pick(&self) -> Structural<T> {
        Structural(PhantomData)
    }
}
impl<T: Schema + Message> PickStructural<T> for &&Probe<T> {}

/// Never to be coded.
pub trait PickMisplaced<T> {
    /// The answer.
    fn pick(&self) -> Misplaced<T> {
        Misplaced(PhantomData)
    }
}
impl<E> PickMisplaced<CallError<E>> for &&Probe<CallError<E>> {}

/// Second choice.
#[cfg(feature = "prost")]
pub trait PickProst<T> {
    /// The answer.
    fn pick(&self) -> ByProst<T> {
        ByProst(PhantomData)
    }
}
#[cfg(feature = "prost")]
impl<T: prost::Message + Default + 'static> PickProst<T> for &Probe<T> {}

/// Last choice.
pub trait PickNominal<T> {
    /// The answer.
    fn pick(&self) -> Nominal<T> {
        Nominal(PhantomData)
    }
}
impl<T> PickNominal<T> for Probe<T> {}

impl<T: Schema + Message> Structural<T> {
    /// The coding.
    pub fn coding(self) -> Coding<T> {
        coding::postcard(T::sketch)
    }
}

#[cfg(feature = "prost")]
impl<T: prost::Message + Default + 'static> ByProst<T> {
    /// The coding.
    pub fn coding(self) -> Coding<T> {
        coding_by::<super::codec::Prost, T>(|sketch| draw_by::<super::codec::Prost, T>(sketch, |_| ()))
    }
}

impl<T> Misplaced<T> {
    /// The coding, if there were one.
    pub fn coding(self) -> Coding<T>
    where
        T: ErrorOfOnesOwn,
    {
        coding::postcard(Sketch::name_of::<T>)
    }
}

/// What [`CallError`] is not. Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "`CallError` tells a caller how its own call went, and does not travel",
    label = "map it to an error of your own, for instance to a variant with its text"
)]
pub trait ErrorOfOnesOwn: Message {}

impl<T> Nominal<T> {
    /// The coding.
    pub fn coding(self) -> Coding<T>
    where
        T: Message,
    {
        coding::postcard(Sketch::name_of::<T>)
    }
}

/// Draws a type by its structure where it is known.
pub trait DrawStructural<T> {
    /// Draws it.
    fn draw(&self, sketch: &mut Sketch);
}
impl<T: Schema> DrawStructural<T> for &Probe<T> {
    fn draw(&self, sketch: &mut Sketch) {
        T::sketch(sketch);
    }
}

/// Draws a type by its name.
pub trait DrawNominal<T> {
    /// Draws it.
    fn draw(&self, sketch: &mut Sketch);
}
impl<T> DrawNominal<T> for Probe<T> {
    fn draw(&self, sketch: &mut Sketch) {
        sketch.name_of::<T>();
    }
}

/// The coding by a codec that was asked for; `sketch` is made with [`draw_by`].
pub fn coding_by<C: Codec<T>, T: 'static>(sketch: fn(&mut Sketch)) -> Coding<T> {
    coding::framed::<C, T>(sketch)
}

/// Draws a type as the codec sees it: by name if the codec bridges differences of structure, else as `structure` does.
pub fn draw_by<C: Codec<T>, T>(sketch: &mut Sketch, structure: impl FnOnce(&mut Sketch)) {
    sketch.text(C::NAME);
    sketch.text(":");
    if C::BRIDGES {
        sketch.name_of::<T>();
    } else {
        structure(sketch);
    }
}
