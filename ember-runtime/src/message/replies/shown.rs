//! How new a reply of a replicated service is: it stands at the end of a reply to another node that has asked for that.

#[cfg(any(test, feature = "cluster"))]
use super::payload::Payload;
use crate::id::Epoch;

#[cfg(any(test, feature = "cluster"))]
const SIZE: usize = 16;

/// Who knows how new what it shows is: the epoch and the index of the last record that it may depend on.
pub(crate) trait Shows: Send + Sync {
    fn shown(&self) -> (Epoch, u64);
}

/// Appends it.
pub(crate) fn put_shown((epoch, index): (Epoch, u64), out: &mut Vec<u8>) {
    out.extend_from_slice(&epoch.0.to_le_bytes());
    out.extend_from_slice(&index.to_le_bytes());
}

/// Takes it off the end; nothing if it is not there.
#[cfg(any(test, feature = "cluster"))]
pub(crate) fn take_shown(reply: &mut Payload) -> Option<(Epoch, u64)> {
    let (rest, shown) = reply.split_last_chunk::<SIZE>()?;
    let (epoch, index) = (shown.first_chunk()?, shown.last_chunk()?);
    let shown = (Epoch(u64::from_le_bytes(*epoch)), u64::from_le_bytes(*index));
    let size = rest.len();
    reply.truncate(size);
    Some(shown)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn what_a_reply_ends_with_is_taken_off_and_a_short_one_has_none() {
        for size in [0, 5, 300] {
            let mut reply = vec![1; size];
            put_shown((Epoch(7), 300), &mut reply);
            let mut payload = Payload::few(&reply).unwrap_or_else(|| Bytes::from(reply).into());
            assert_eq!(take_shown(&mut payload), Some((Epoch(7), 300)));
            assert_eq!(*payload, vec![1; size][..]);
        }
        assert_eq!(take_shown(&mut Payload::few(&[1; 15]).unwrap()), None);
    }
}
