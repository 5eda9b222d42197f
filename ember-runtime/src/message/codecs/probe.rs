//! Picks the coding of a type at compile time. Generated code asks `(&&&Probe::<T>::NEW).pick()`, with the traits of this file
//! in scope: the compiler takes the first one that fits, from the most borrowed receiver down.
//!
//! Types with a [`Schema`] come first, so that the standard library's types, for some of which prost has a format
//! too, are the same with and without the feature `prost`.

use std::marker::PhantomData;

use super::{
    codec::Codec,
    coding::{self, Coding},
};
use crate::message::{
    format::Message,
    schema::{Schema, Shape, ShapeOf, Types},
};

/// Asks what a type can do.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    /// The question.
    pub const NEW: Self = Self(PhantomData);

    /// The question of what is found so in an `A`.
    pub const fn of<A>(_: fn(&A) -> &T) -> Self {
        Self::NEW
    }
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

/// First choice.
pub trait PickStructural<T> {
    /// The answer.
    fn pick(&self) -> Structural<T> {
        Structural(PhantomData)
    }
}
impl<T: Schema + Message> PickStructural<T> for &&Probe<T> {}

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
        coding::postcard(T::shape)
    }
}

#[cfg(feature = "prost")]
impl<T: prost::Message + Default + 'static> ByProst<T> {
    /// The coding.
    pub fn coding(self) -> Coding<T> {
        coding_by::<super::codec::Prost, T>(|_| {
            Shape::Coded(<super::codec::Prost as Codec<T>>::NAME.into(), Box::new(Shape::name_of::<T>()))
        })
    }
}

impl<T> Nominal<T> {
    /// The coding.
    pub fn coding(self) -> Coding<T>
    where
        T: Message,
    {
        coding::postcard(|_| Shape::name_of::<T>())
    }
}

/// The structure of a type, where it is known.
pub trait ShapeStructural<T> {
    /// What it is.
    fn shape(&self, types: &mut Types) -> Shape;
}
impl<T: Schema> ShapeStructural<T> for &Probe<T> {
    fn shape(&self, types: &mut Types) -> Shape {
        T::shape(types)
    }
}

/// The name of a type, where nothing else is known.
pub trait ShapeNominal<T> {
    /// What it is.
    fn shape(&self, types: &mut Types) -> Shape;
}
impl<T> ShapeNominal<T> for Probe<T> {
    fn shape(&self, _: &mut Types) -> Shape {
        Shape::name_of::<T>()
    }
}

/// The coding by a codec that was asked for; `shape` is made with [`shape_by`].
pub fn coding_by<C: Codec<T>, T: 'static>(shape: ShapeOf) -> Coding<T> {
    coding::framed::<C, T>(shape)
}

/// A type as the codec sees it: by name if the codec bridges differences of structure, else by its structure.
pub fn shape_by<C: Codec<T>, T>(types: &mut Types, structure: impl FnOnce(&mut Types) -> Shape) -> Shape {
    let inner = if C::BRIDGES { Shape::name_of::<T>() } else { structure(types) };
    Shape::Coded(C::NAME.into(), Box::new(inner))
}
