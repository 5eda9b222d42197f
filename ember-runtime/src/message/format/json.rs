//! Writes JSON, within the same limits as postcard.

use std::io;

use serde::Serialize;

use super::{depth::limited, room};

/// Appends `value` as JSON; on an error a part of it may be there.
pub(crate) fn write_json<T: Serialize>(value: &T, out: &mut Vec<u8>) -> serde_json::Result<()> {
    limited(value, &mut serde_json::Serializer::new(Bounded(out)))
}

/// The end of a buffer that is not to grow over the limit of a message.
struct Bounded<'a>(&'a mut Vec<u8>);

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        room::extend(self.0, bytes).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
