//! What a log is made of.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::id::Epoch;

/// What is committed at once. Cloning it copies none of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Of the master that has written it.
    pub(crate) epoch: Epoch,
    /// Encoded, in order. None: a barrier, by which a master finds out that what came before it is committed.
    #[serde(with = "many")]
    pub(crate) entries: Vec<Bytes>,
    /// What later versions put into records: kept and shipped as it came. Empty in this one.
    #[serde(with = "one")]
    pub(crate) more: Bytes,
}

impl Record {
    pub(crate) fn new(epoch: Epoch, entries: Vec<Bytes>) -> Self {
        Self { epoch, entries, more: Bytes::new() }
    }

    pub(crate) fn barrier(epoch: Epoch) -> Self {
        Self::new(epoch, Vec::new())
    }

    #[cfg(test)]
    pub(crate) fn is_barrier(&self) -> bool {
        self.entries.is_empty()
    }

    /// About so many bytes: in memory, and, rather fewer, on the wire.
    pub(crate) fn size(&self) -> usize {
        const RECORD: usize = size_of::<Record>();
        const ENTRY: usize = size_of::<Bytes>();
        RECORD + self.more.len() + self.entries.iter().map(|entry| ENTRY + entry.len()).sum::<usize>()
    }
}

/// Bytes as one piece, not number by number.
pub(super) mod one {
    use std::fmt;

    use bytes::Bytes;
    use serde::{Deserializer, Serializer, de};

    pub(in crate::replica) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(in crate::replica) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes::copy_from_slice(bytes))
            }

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(bytes.into())
            }
        }

        from.deserialize_bytes(Visitor)
    }
}

mod many {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    struct Whole(#[serde(with = "super::one")] Bytes);

    #[derive(Serialize)]
    struct Lent<'a>(#[serde(serialize_with = "lent")] &'a Bytes);

    fn lent<S: Serializer>(bytes: &&Bytes, to: S) -> Result<S::Ok, S::Error> {
        super::one::serialize(bytes, to)
    }

    pub(super) fn serialize<S: Serializer>(all: &[Bytes], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(all.iter().map(Lent))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Bytes>, D::Error> {
        Ok(Vec::<Whole>::deserialize(from)?.into_iter().map(|whole| whole.0).collect())
    }
}
