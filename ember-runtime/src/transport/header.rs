//! The header of a call: what of its [`Envelope`] travels, and how.
//!
//! Postcard of `Head`, then `Head::links` times a link of the call chain, innermost first, then `Head::headers` times a
//! name and a value. The numbers are bounded before anything is read, so that no header can make this node allocate much.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::OutCall;
use crate::{
    error::RefusedReason,
    id::{MethodId, Pid},
    message::{Chain, Envelope, Keys, Lane, MAX_KEYS, append},
};

const MAX_LINKS: usize = 256;
const MAX_HEADERS: usize = 256;
/// No deadline is further away than this; it also keeps the arithmetic of instants from overflowing.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    target: u64,
    method: MethodId,
    /// Of the caller's method, where the caller does not know the callee's table: the callee compares.
    fingerprint: Option<u64>,
    system: bool,
    /// When the caller stops waiting, in microseconds of the clock that the frames tell.
    deadline: Option<u64>,
    trace: u64,
    key: Option<u64>,
    links: u16,
    headers: u16,
    /// On the way to a module; one byte if there are none.
    keys: &'a [u8],
}

#[derive(Serialize, Deserialize)]
struct Link<'a> {
    pid: Pid,
    place: &'a str,
}

/// The clock of the peer, as a frame told it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// What it showed, in microseconds.
    pub(super) there: u64,
    /// When that arrived.
    pub(super) here: Instant,
}

impl Clock {
    /// When the peer's clock shows `micros`. As a message is longer on its way than a time, this is a little late.
    fn at(self, micros: u64) -> Instant {
        self.here + Duration::from_micros(micros.saturating_sub(self.there)).min(FAR)
    }
}

/// Appends the header of `call`; its deadline counts from `epoch`.
pub(super) fn put(call: &OutCall<'_>, epoch: Instant, out: &mut Vec<u8>) -> Result<(), RefusedReason> {
    let envelope = call.envelope;
    let deadline = envelope
        .deadline
        .map(|deadline| u64::try_from(deadline.saturating_duration_since(epoch).as_micros()).unwrap_or(u64::MAX));
    let links = envelope.chain.as_ref().map_or(0, |chain| chain.links().count());
    let headers = envelope.headers.as_ref().map_or(0, |headers| headers.len());
    if links > MAX_LINKS {
        return Err(RefusedReason::Undecodable(format!("the call chain has {links} links, over {MAX_LINKS}")));
    }
    if headers > MAX_HEADERS {
        return Err(RefusedReason::Undecodable(format!("the call has {headers} headers, over {MAX_HEADERS}")));
    }
    let keys = envelope.keys.bytes();
    if keys.len() > MAX_KEYS {
        return Err(RefusedReason::Undecodable(format!(
            "the keys of the module have {} bytes, over {MAX_KEYS}",
            keys.len()
        )));
    }
    let head = Head {
        target: call.target,
        method: call.method,
        fingerprint: call.fingerprint,
        system: envelope.lane == Lane::System,
        deadline,
        trace: envelope.trace,
        key: envelope.key,
        links: links as u16,
        headers: headers as u16,
        keys,
    };
    write(&head, out)?;
    for Chain { pid, place, .. } in envelope.chain.iter().flat_map(Chain::links) {
        write(&Link { pid: *pid, place }, out)?;
    }
    for header in envelope.headers.iter().flat_map(|headers| headers.iter()) {
        write(&header, out)?;
    }
    Ok(())
}

fn write(part: &impl Serialize, out: &mut Vec<u8>) -> Result<(), RefusedReason> {
    match append(part, out) {
        Ok(()) => Ok(()),
        Err(error) => Err(RefusedReason::Undecodable(format!("the header could not be written: {error}"))),
    }
}

/// A header that was read.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) target: u64,
    pub(super) method: MethodId,
    pub(super) fingerprint: Option<u64>,
    pub(super) envelope: Envelope,
    /// How many bytes it took.
    pub(super) size: usize,
}

/// Reads the header that `bytes` start with.
pub(super) fn get(bytes: &[u8], clock: Clock) -> Result<Header, String> {
    let mut rest = bytes;
    let head: Head<'_> = read(&mut rest)?;
    if usize::from(head.links) > MAX_LINKS || usize::from(head.headers) > MAX_HEADERS || head.keys.len() > MAX_KEYS {
        return Err("the header is too long".into());
    }
    let mut links = Vec::with_capacity(head.links.into());
    for _ in 0..head.links {
        links.push(read::<Link<'_>>(&mut rest)?);
    }
    let chain = links
        .into_iter()
        .rev()
        .fold(None, |above, Link { pid, place }| Some(Arc::new(Chain { pid, place: place.into(), above })));
    let mut headers = BTreeMap::new();
    for _ in 0..head.headers {
        let (name, value) = read::<(&str, &str)>(&mut rest)?;
        headers.insert(name.to_owned(), value.to_owned());
    }
    Ok(Header {
        target: head.target,
        method: head.method,
        fingerprint: head.fingerprint,
        envelope: Envelope {
            deadline: head.deadline.map(|deadline| clock.at(deadline)),
            lane: if head.system { Lane::System } else { Lane::User },
            trace: head.trace,
            key: head.key,
            chain,
            headers: (!headers.is_empty()).then(|| Arc::new(headers)),
            keys: Keys::from_bytes(head.keys),
        },
        size: bytes.len() - rest.len(),
    })
}

fn read<'a, T: Deserialize<'a>>(rest: &mut &'a [u8]) -> Result<T, String> {
    let (part, after) =
        postcard::take_from_bytes(rest).map_err(|error| format!("the header could not be read: {error}"))?;
    *rest = after;
    Ok(part)
}
