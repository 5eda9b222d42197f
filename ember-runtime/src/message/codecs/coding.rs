//! A codec as the runtime uses it: function pointers for one type, which can be put one after another.

use std::{any::TypeId, convert::Infallible};

use serde::{Serialize, de::DeserializeOwned};

use super::{apart, codec::Codec};
use crate::message::{
    format::{CodecError, Message, block_reader, block_writer, by_postcard, is_under_way, read, write},
    schema::{Shape, ShapeOf, Types},
};

/// How values of one type become bytes, and what the type looks like.
pub struct Coding<T> {
    pub(crate) put: fn(&T, &mut Vec<u8>) -> Result<(), CodecError>,
    pub(crate) take: fn(&mut &[u8]) -> Result<T, CodecError>,
    /// Whether the value would arrive as what it is.
    pub(crate) check: fn(&T) -> Result<(), CodecError>,
    /// Its part of a method's signature.
    pub(crate) shape: ShapeOf,
}

impl<T> Clone for Coding<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Coding<T> {}

impl<T> Coding<T> {
    /// Appends `value`. On an error `out` is as before.
    ///
    /// # Errors
    /// If the type refuses to be written.
    pub fn put(&self, value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        if is_under_way() {
            return (self.check)(value);
        }
        put_all(out, &mut |out| (self.put)(value, out))
    }

    /// Reads a value from the front of `bytes`.
    ///
    /// # Errors
    /// If it is not there.
    pub fn take(&self, bytes: &mut &[u8]) -> Result<T, CodecError> {
        (self.take)(bytes)
    }

    /// The structure of the type.
    pub fn shape(&self, types: &mut Types) -> Shape {
        (self.shape)(types)
    }
}

impl<T> std::fmt::Debug for Coding<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Coding({})", std::any::type_name::<T>())
    }
}

/// Postcard, the default.
pub(crate) fn postcard<T: Message>(shape: ShapeOf) -> Coding<T> {
    let (put, take) = (block_writer::<T>().unwrap_or(write), block_reader::<T>().unwrap_or(read));
    Coding { put, take, check: by_postcard, shape }
}

/// Appends what one runtime says to another, as postcard. On an error `out` is as before.
pub(crate) fn encode<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    put_all(out, &mut |out| write(value, out))
}

/// Reads what [`encode`] wrote from the front of `bytes`.
pub(crate) fn take<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, CodecError> {
    read(bytes)
}

/// Reads what [`encode`] wrote; it fills `bytes` exactly.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    take_all(bytes, read)
}

/// A codec that was asked for. Its values are written with their length, 4 bytes little-endian, before them.
pub(crate) fn framed<C: Codec<T>, T: 'static>(shape: ShapeOf) -> Coding<T> {
    Coding { put: put_framed::<C, T>, take: take_framed::<C, T>, check: C::check, shape }
}

fn put_framed<C: Codec<T>, T>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let of_users = is_of_users::<C>();
    put_frame(out, |out| if of_users { apart::append::<C, T>(value, out) } else { C::encode(value, out) })
}

/// Appends what `write` appends, with its length before it.
pub(crate) fn put_frame(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
) -> Result<(), CodecError> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out)?;
    let length = u32::try_from(out.len() - start - 4).map_err(CodecError::new)?;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Takes what has its length before it.
pub(crate) fn take_frame<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (own, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(own)
}

fn take_framed<C: Codec<T>, T>(bytes: &mut &[u8]) -> Result<T, CodecError> {
    let own = take_frame(bytes).ok_or_else(|| CodecError::unreadable::<T>("there are too few bytes"))?;
    if is_of_users::<C>() { apart::read::<C, T>(own) } else { C::decode(own) }
}

/// Whether it is none of those that are built in, which are known to do nothing but append.
#[inline]
fn is_of_users<C: 'static>() -> bool {
    let codec = TypeId::of::<C>();
    #[cfg(feature = "prost")]
    if codec == TypeId::of::<super::codec::Prost>() {
        return false;
    }
    codec != TypeId::of::<super::codec::Json>()
}

/// The coding of an error that cannot happen.
pub const fn no_error() -> Coding<Infallible> {
    Coding {
        put: |never, _| match *never {},
        take: |_| Err(CodecError::new("the method has no error, but one came")),
        check: |never| match *never {},
        shape: |_| Shape::Plain("()".into()),
    }
}

/// Writes several values by `put`. On an error `out` is as before.
///
/// # Errors
/// Those of `put`.
pub fn put_all(
    out: &mut Vec<u8>,
    put: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), CodecError>,
) -> Result<(), CodecError> {
    let start = out.len();
    put(out).inspect_err(|_| out.truncate(start))
}

/// Reads several values by `take`, which must leave nothing over.
///
/// # Errors
/// Those of `take`, and bytes left over.
pub fn take_all<T>(mut bytes: &[u8], take: impl FnOnce(&mut &[u8]) -> Result<T, CodecError>) -> Result<T, CodecError> {
    let value = take(&mut bytes)?;
    if bytes.is_empty() { Ok(value) } else { Err(CodecError::unreadable::<T>("there are bytes left over")) }
}

/// Refuses bytes behind the last argument.
///
/// # Errors
/// If there are any.
pub fn at_end(bytes: &[u8]) -> Result<(), CodecError> {
    if bytes.is_empty() { Ok(()) } else { Err(CodecError::new("there are bytes left over after the arguments")) }
}

#[cfg(test)]
mod tests {
    use super::{super::codec::Json, *};
    use crate::message::format::{Unwritten, put_within};

    #[test]
    fn values_round_trip_and_leftovers_are_refused() {
        let coding = postcard::<(i64, String)>(|_| Shape::name_of::<()>());
        let mut out = vec![9];
        coding.put(&(1, "a".to_string()), &mut out).unwrap();
        assert_eq!(take_all(&out[1..], |bytes| coding.take(bytes)).unwrap(), (1, "a".to_string()));
        out.push(0);
        let error = take_all(&out[1..], |bytes| coding.take(bytes)).unwrap_err();
        assert!(error.to_string().contains("left over"), "{error}");
        assert!(coding.take(&mut &[][..]).is_err());
    }

    #[test]
    fn framed_values_follow_each_other_and_cut_ones_are_refused() {
        let coding = framed::<Json, u32>(|_| Shape::name_of::<()>());
        let mut out = Vec::new();
        coding.put(&7, &mut out).unwrap();
        coding.put(&42, &mut out).unwrap();
        let mut rest = &out[..];
        assert_eq!((coding.take(&mut rest), coding.take(&mut rest)), (Ok(7), Ok(42)));
        assert!(rest.is_empty());
        for length in 0..5 {
            assert!(coding.take(&mut &out[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn value_that_cannot_be_written_leaves_nothing_behind() {
        struct Broken;
        impl Codec<u32> for Broken {
            const NAME: &'static str = "broken";
            fn encode(_: &u32, out: &mut Vec<u8>) -> Result<(), CodecError> {
                out.push(1);
                Err(CodecError::new("no"))
            }
            fn decode(_: &[u8]) -> Result<u32, CodecError> {
                Err(CodecError::new("no"))
            }
        }
        let mut out = vec![9];
        framed::<Broken, u32>(|_| Shape::name_of::<()>()).put(&1, &mut out).unwrap_err();
        assert_eq!(out, [9]);
    }

    /// Does what it should not, as the value says.
    struct Wild;

    impl Codec<u32> for Wild {
        const NAME: &'static str = "wild";
        fn encode(value: &u32, out: &mut Vec<u8>) -> Result<(), CodecError> {
            match value {
                0 => out.clear(),
                1 => out.truncate(1),
                2 => *out = vec![9; 100_000],
                3 => *out = Vec::new(),
                4 => drop(std::mem::take(out).into_boxed_slice()),
                _ => {
                    out.clear();
                    panic!("on purpose");
                }
            }
            out.extend([7; 3]);
            Ok(())
        }
        fn decode(bytes: &[u8]) -> Result<u32, CodecError> {
            assert!(bytes.len() > 3, "on purpose");
            Ok(2)
        }
    }

    #[test]
    fn what_a_codec_does_to_its_buffer_harms_nothing_else() {
        let coding = framed::<Wild, u32>(|_| Shape::name_of::<()>());
        for value in 0..5 {
            let mut out = vec![8; 30];
            coding.put(&value, &mut out).unwrap();
            assert_eq!(out[..30], [8; 30], "{value}");
            let size = if value == 2 { 100_003 } else { 3 };
            assert_eq!((out[30..34] == u32::to_le_bytes(size), out.len()), (true, 34 + size as usize), "{value}");
            out.extend_from_slice(&[8; 30]);
            let mut rest = &out[30..];
            let read = coding.take(&mut rest);
            if value == 2 {
                assert_eq!((read, rest), (Ok(2), &[8; 30][..]));
            } else {
                let text = read.unwrap_err().to_string();
                assert!(text.contains("Wild` panicked as it read `u32`: on purpose"), "{text}");
            }
        }
        let mut out = vec![8; 30];
        let text = coding.put(&5, &mut out).unwrap_err().to_string();
        assert!(text.contains("Wild` panicked as it wrote `u32`: on purpose"), "{text}");
        assert_eq!(out, [8; 30]);
    }

    #[test]
    fn what_a_codec_of_ones_own_writes_is_bounded_where_it_is_taken_over() {
        let mut out = Vec::new();
        let put = &mut |out: &mut Vec<u8>| framed::<Wild, u32>(|_| Shape::name_of::<()>()).put(&2, out);
        assert_eq!(put_within(1000, &mut out, put), Err(Unwritten::TooLarge));
        assert!(out.capacity() <= 1000);
    }
}
