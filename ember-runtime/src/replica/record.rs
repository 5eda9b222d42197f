//! What a log is made of.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{frames::checksum, id::Epoch, message::whole};

/// What is committed at once. Cloning it copies none of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Of the master that has written it.
    pub(crate) epoch: Epoch,
    /// Encoded, in order. None: a barrier, by which a master finds out that what came before it is committed.
    #[serde(with = "many")]
    pub(crate) entries: Vec<Bytes>,
    /// [`Notes`](super::Notes), written one after the other: what the record says of calls.
    #[serde(with = "whole")]
    pub(crate) more: Bytes,
    /// A hash over what the entries have come to on the master, as [`came_to`](Self::came_to) makes it: members compare it with what they have
    /// come to themselves.
    pub(crate) came_to: u32,
}

impl Record {
    pub(crate) fn new(epoch: Epoch, entries: Vec<Bytes>) -> Self {
        Self { epoch, entries, more: Bytes::new(), came_to: 0 }
    }

    /// The hash over these outputs, which stand there one after the other; 0 if they have no bytes.
    pub(crate) fn came_to(outputs: &[u8]) -> u32 {
        checksum::of(outputs)
    }

    /// The same, with more in it.
    pub(crate) fn with(self, more: Bytes) -> Self {
        Self { more, ..self }
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

mod many {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    struct Whole(#[serde(with = "super::whole")] Bytes);

    #[derive(Serialize)]
    struct Lent<'a>(#[serde(serialize_with = "lent")] &'a Bytes);

    fn lent<S: Serializer>(bytes: &&Bytes, to: S) -> Result<S::Ok, S::Error> {
        super::whole::serialize(bytes, to)
    }

    pub(super) fn serialize<S: Serializer>(all: &[Bytes], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(all.iter().map(Lent))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Bytes>, D::Error> {
        Ok(Vec::<Whole>::deserialize(from)?.into_iter().map(|whole| whole.0).collect())
    }
}
