//! How a stream travels: as a ticket, by which its items are asked for.

use std::fmt;

use super::{desk::Station, lent::Ticket, streaming::Streaming};
use crate::message::{
    codecs::{AStream, Coding, PickMisplaced, Probe, encode},
    format::{CodecError, read},
    schema::{Shape, ShapeOf},
};

/// What is done with the value of a method that is a stream of values, before it leaves for another node and after it has come.
pub struct StreamOf<V> {
    pub(crate) lend: fn(&mut V) -> Result<(), CodecError>,
    pub(crate) adopt: fn(&mut V, &Station),
}

impl<V> StreamOf<V> {
    /// As told.
    pub const fn new(lend: fn(&mut V) -> Result<(), CodecError>, adopt: fn(&mut V, &Station)) -> Self {
        Self { lend, adopt }
    }
}

impl<V> fmt::Debug for StreamOf<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamOf({})", std::any::type_name::<V>())
    }
}

/// Where a stream is no result as a whole, it is refused.
impl<T> PickMisplaced<Streaming<T>> for &&Probe<Streaming<T>> {
    type Why = AStream;
}

/// The coding of a stream of `T`. Whether an item would arrive as what it is, is looked at when it is sent: nothing is taken out of
/// the stream to find out.
pub const fn stream_coding<T>(shape: ShapeOf) -> Coding<Streaming<T>> {
    Coding { put, take, check: |_| Ok(()), shape }
}

/// The structure of a stream of what has this structure.
pub fn stream_shape(of: Shape) -> Shape {
    Shape::Stream(Box::new(of))
}

fn put<T>(stream: &Streaming<T>, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let ticket = stream.ticket().ok_or_else(|| CodecError::new("a stream travels as what a method returns only"))?;
    encode(ticket, out)
}

fn take<T>(bytes: &mut &[u8]) -> Result<Streaming<T>, CodecError> {
    read::<Ticket>(bytes).map(Streaming::at)
}
