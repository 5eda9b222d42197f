//! Bytes that are a whole value, as large messages mostly are: they are written and read as one block.

use std::any::Any;

use bytes::Bytes;

use super::{
    compact::{Reader, Writer},
    error::CodecError,
    lent::keep,
};

/// Reads a value of the type `T` from the front of the bytes.
type ReadFn<T> = fn(&mut &[u8]) -> Result<T, CodecError>;

/// Appends a value of the type `T`.
type WriteFn<T> = fn(&T, &mut Vec<u8>) -> Result<(), CodecError>;

/// How a `T` is read, if it is nothing but bytes.
pub(crate) fn reader<T: 'static>() -> Option<ReadFn<T>> {
    const READ: (ReadFn<Vec<u8>>, ReadFn<Bytes>) =
        (|bytes| block::<Vec<u8>>(bytes).map(<[u8]>::to_vec), |bytes| block::<Bytes>(bytes).map(keep));
    let (of_vec, of_bytes): (&dyn Any, &dyn Any) = (&READ.0, &READ.1);
    of_vec.downcast_ref::<ReadFn<T>>().or_else(|| of_bytes.downcast_ref()).copied()
}

/// How a `T` is written, if it is nothing but bytes and its own way is byte by byte.
pub(crate) fn writer<T: 'static>() -> Option<WriteFn<T>> {
    const WRITE: WriteFn<Vec<u8>> =
        |value, out| Writer::new(out).bytes(value).map_err(CodecError::unwritable::<Vec<u8>>);
    (&WRITE as &dyn Any).downcast_ref::<WriteFn<T>>().copied()
}

fn block<'a, T>(bytes: &mut &'a [u8]) -> Result<&'a [u8], CodecError> {
    let mut reader = Reader::new(bytes);
    let length = reader.length().map_err(CodecError::unreadable::<T>)?;
    let block = reader.bytes(length).map_err(CodecError::unreadable::<T>)?;
    *bytes = reader.rest();
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::format::{append, read};

    fn written(value: &[u8]) -> Bytes {
        let mut out = Vec::new();
        append(&value, &mut out).unwrap();
        out.extend_from_slice(b"more");
        out.into()
    }

    #[test]
    fn a_block_is_what_serde_would_have_read() {
        for size in [0, 1, 127, 128, 70_000] {
            let value: Vec<u8> = (0..size).map(|at: usize| at as u8).collect();
            let bytes = written(&value);
            let mut block = Vec::new();
            writer::<Vec<u8>>().unwrap()(&value, &mut block).unwrap();
            assert_eq!([&block[..], b"more"].concat(), bytes);
            let (mut one, mut other, mut third) = (&bytes[..], &bytes[..], &bytes[..]);
            assert_eq!(reader::<Vec<u8>>().unwrap()(&mut one), read::<Vec<u8>>(&mut other));
            assert_eq!(reader::<Bytes>().unwrap()(&mut third), Ok(value.into()));
            assert_eq!([one, other, third], [b"more"; 3]);
        }
        assert!(reader::<Vec<i8>>().is_none() && reader::<String>().is_none() && reader::<[u8; 4]>().is_none());
    }

    #[test]
    fn what_is_cut_is_refused_by_the_name_of_its_type() {
        let bytes = written(&[7; 300]);
        for cut in [&[][..], &bytes[..1], &bytes[..2], &bytes[..301]] {
            let error = reader::<Vec<u8>>().unwrap()(&mut &*cut).unwrap_err();
            assert_eq!(error, read::<Vec<u8>>(&mut &*cut).unwrap_err());
            assert!(reader::<Bytes>().unwrap()(&mut &*cut).is_err());
        }
    }
}
