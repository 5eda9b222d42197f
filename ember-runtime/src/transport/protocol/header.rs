//! The header of a call: what of its [`Envelope`] travels, and how.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | flags: which of the following there are; all must be known, for what may be skipped is an extension |
//! | 4 | the method's id |
//! | 4 | the number of the callee; 8 bytes with `WIDE` |
//! | 8 | `FINGERPRINT`: of the caller's method, where the caller does not know the callee's table; the callee compares |
//! | 8 | `DEADLINE`: when the caller stops waiting, in microseconds of the clock that the frames tell |
//! | 8 | `KEY`: the caller's ordering key |
//! | 8 | `CALLER`: the number of the service whose handler makes it, where the call chain does not say so |
//! | 8 | `EPOCH`: of the master that it is for; the callee compares |
//! | 1 | `FURTHER`: further flags; all must be known |
//! | 8 | `ONCE`, a further one: by which the callee knows a repetition of the call. Only to peers that have said that they know it |
//! | 16 | `CALL`, a further one: the number by which the caller's runtime asks what became of the call, and the lowest that it may still ask for. Only to what says that it is replicated |
//! | 24 | `GROUP`, a further one, with `CALL`: whoever gives the numbers, if that is a group that owes the call: a hash of its name, one of whom the call is for, and the epoch of the record that owes it. The callee looks whether its peer has an instance of that group |
//! | 24 | `READING`, a further one: the epoch and the index that the caller has seen of the callee's group, and how old what it is shown may be, in microseconds, or all ones. The reply ends with 16 bytes: the epoch and the index that it shows. Only to services whose group's record says that they are replicated, all of which know it |
//! | … | `MORE`: postcard of [`More`], then `More::links` times a link of the call chain, innermost first, then `More::headers` times a name and a value, then `More::extensions` times a name and bytes, which pass through nodes that do not know them. The numbers are bounded before anything is read, so that no header can make this node allocate much |

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::config::OutCall;
use crate::{
    error::RefusedReason,
    id::{CallNumber, Epoch, GroupKey, MethodId, Pid},
    message::{
        Beside, Chain, Envelope, Keys, MAX_EXTENDED, MAX_EXTENSIONS, MAX_HEADERS, MAX_KEYS, Reading, Stamp, append,
    },
};

const MAX_LINKS: usize = 256;
/// A link takes so many bytes at least: three numbers and the length of a text.
const LINK: usize = 4;
/// No deadline is further away than this; it also keeps the arithmetic of instants from overflowing.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

const WIDE: u8 = 1;
const FINGERPRINT: u8 = 2;
const DEADLINE: u8 = 4;
const KEY: u8 = 8;
const CALLER: u8 = 16;
const MORE: u8 = 32;
const EPOCH: u8 = 64;
const FURTHER: u8 = 128;

/// Among the further ones.
const ONCE: u8 = 1;
const CALL: u8 = 2;
const GROUP: u8 = 4;
const READING: u8 = 8;

/// Where the number of the callee is.
const TARGET: usize = 5;

/// What few calls have.
#[derive(Serialize, Deserialize)]
struct More<'a> {
    links: u16,
    headers: u16,
    extensions: u16,
    /// On the way to a module; one byte if there are none.
    keys: &'a [u8],
}

#[derive(Serialize, Deserialize)]
struct Link<'a> {
    pid: Pid,
    place: &'a str,
}

/// What a peer reads, of what may stand in a header, as its hello has said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads {
    pub(crate) extensions: bool,
    pub(crate) once: bool,
}

/// The clock of the peer, as a frame told it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// What it showed, in microseconds.
    pub(crate) there: u64,
    /// When that arrived.
    pub(crate) here: Instant,
}

impl Clock {
    /// When the peer's clock shows `micros`. As a message is longer on its way than a time, this is a little late.
    fn at(self, micros: u64) -> Instant {
        self.here + Duration::from_micros(micros.saturating_sub(self.there)).min(FAR)
    }
}

/// Appends the header of `call`; its deadline counts from `epoch`.
#[inline]
pub(crate) fn put(call: &OutCall<'_>, epoch: Instant, reads: Reads, out: &mut Vec<u8>) -> Result<(), RefusedReason> {
    let OutCall { envelope, stamp: Stamp { caller, deadline }, .. } = *call;
    // Who waits for the call is the last link of its chain.
    let caller = (caller != 0 && envelope.chain.is_none()).then_some(caller);
    let more = envelope.chain.is_some() || envelope.beside.is_some() || !envelope.keys.is_empty();
    let narrow = u32::try_from(call.target);
    let flags = [
        (WIDE, narrow.is_err()),
        (FINGERPRINT, call.fingerprint.is_some()),
        (DEADLINE, deadline.is_some()),
        (KEY, envelope.key.is_some()),
        (CALLER, caller.is_some()),
        (MORE, more),
        (EPOCH, envelope.epoch.is_some()),
        (FURTHER, envelope.once.is_some() || envelope.call.is_some() || envelope.reading.is_some()),
    ];
    out.push(flags.into_iter().fold(0, |flags, (flag, is_set)| if is_set { flags | flag } else { flags }));
    out.extend_from_slice(&call.method.0.to_le_bytes());
    match narrow {
        Ok(target) => out.extend_from_slice(&target.to_le_bytes()),
        Err(_) => out.extend_from_slice(&call.target.to_le_bytes()),
    }
    let micros = |deadline: Instant| deadline.saturating_duration_since(epoch).as_micros();
    let deadline = deadline.map(|deadline| u64::try_from(micros(deadline)).unwrap_or(u64::MAX));
    let epoch = envelope.epoch.map(|epoch| epoch.0);
    for number in [call.fingerprint, deadline, envelope.key, caller, epoch].into_iter().flatten() {
        out.extend_from_slice(&number.to_le_bytes());
    }
    if envelope.once.is_some() || envelope.call.is_some() || envelope.reading.is_some() {
        put_further(envelope, reads, out)?;
    }
    if more { put_more(envelope, reads.extensions, out) } else { Ok(()) }
}

/// The ids of a call: a peer that does not know what `once` is must never be asked, for it would run a repetition. And how new what it is shown
/// must be.
#[cold]
fn put_further(envelope: &Envelope, reads: Reads, out: &mut Vec<u8>) -> Result<(), RefusedReason> {
    if envelope.once.is_some() && !reads.once {
        let why = "its node, of an earlier release of Ember, does not know the ids of calls: update it, or call without `.once(…)`";
        return Err(RefusedReason::NotOnce(why.into()));
    }
    let group = envelope.call.and_then(|call| call.by);
    let flags = [
        (ONCE, envelope.once.is_some()),
        (CALL, envelope.call.is_some()),
        (GROUP, group.is_some()),
        (READING, envelope.reading.is_some()),
    ];
    out.push(flags.into_iter().fold(0, |flags, (flag, is_set)| if is_set { flags | flag } else { flags }));
    let call = envelope.call.map(|call| [call.number, call.lowest]);
    let numbers = envelope.once.into_iter().chain(call.into_iter().flatten());
    let group = group.map(|(GroupKey { group, lane }, epoch)| [group, lane, epoch.0]);
    for number in numbers.chain(group.into_iter().flatten()) {
        out.extend_from_slice(&number.to_le_bytes());
    }
    if let Some(Reading { seen: (epoch, index), within }) = envelope.reading {
        let within = within.map_or(u64::MAX, |within| u64::try_from(within.as_micros()).unwrap_or(u64::MAX));
        for number in [epoch.0, index, within] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    Ok(())
}

#[cold]
fn put_more(envelope: &Envelope, extensions: bool, out: &mut Vec<u8>) -> Result<(), RefusedReason> {
    let links = envelope.chain.as_ref().map_or(0, |chain| chain.links().count());
    let beside = envelope.beside.as_deref();
    let headers = beside.map_or(0, |beside| beside.headers.len());
    let extended = beside.map(|beside| &beside.extensions).filter(|_| extensions);
    if links > MAX_LINKS {
        return Err(RefusedReason::TooMuchBeside(format!(
            "the places of {links} handlers that wait for each other, where {MAX_LINKS} may be: let one of them call by `.then`"
        )));
    }
    envelope.check()?;
    let keys = envelope.keys.bytes();
    let extensions = extended.map_or(0, BTreeMap::len) as u16;
    write(&More { links: links as u16, headers: headers as u16, extensions, keys }, out)?;
    for link in envelope.chain.iter().flat_map(Chain::links) {
        write(&Link { pid: link.pid, place: link.place() }, out)?;
    }
    for header in beside.iter().flat_map(|beside| &beside.headers) {
        write(&header, out)?;
    }
    for extension in extended.into_iter().flatten() {
        write(&extension, out)?;
    }
    Ok(())
}

fn write(part: &impl Serialize, out: &mut Vec<u8>) -> Result<(), RefusedReason> {
    match append(part, out) {
        Ok(()) => Ok(()),
        Err(error) => Err(RefusedReason::TooMuchBeside(format!("it could not be written: {error}"))),
    }
}

/// A header that was read.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) method: MethodId,
    pub(crate) fingerprint: Option<u64>,
    pub(crate) stamp: Stamp,
    /// What else there is.
    pub(crate) envelope: Option<Box<Envelope>>,
    /// How many bytes it took.
    pub(crate) size: usize,
}

/// The number of the callee in the header that `bytes` start with; no header that cannot be read has one.
#[inline]
pub(crate) fn target(bytes: &[u8]) -> u64 {
    let Some((&[flags, ..], mut rest)) = bytes.split_first_chunk::<TARGET>() else { return u64::MAX };
    take_target(flags, &mut rest).unwrap_or(u64::MAX)
}

#[inline]
fn take_target(flags: u8, rest: &mut &[u8]) -> Result<u64, String> {
    Ok(match flags & WIDE {
        0 => u32::from_le_bytes(take(rest)?).into(),
        _ => u64::from_le_bytes(take(rest)?),
    })
}

/// Reads the header that `bytes` start with.
#[inline]
pub(crate) fn get(bytes: &[u8], clock: Clock) -> Result<Header, String> {
    let mut rest = bytes;
    let flags = u8::from_le_bytes(take(&mut rest)?);
    let method = MethodId(u32::from_le_bytes(take(&mut rest)?));
    take_target(flags, &mut rest)?;
    let mut number =
        |flag: u8| if flags & flag == 0 { Ok(None) } else { take(&mut rest).map(u64::from_le_bytes).map(Some) };
    let (fingerprint, deadline, key) = (number(FINGERPRINT)?, number(DEADLINE)?, number(KEY)?);
    let mut caller = number(CALLER)?.unwrap_or(0);
    let epoch = number(EPOCH)?.map(Epoch);
    let deadline = deadline.map(|deadline| clock.at(deadline));
    let envelope = if flags & (KEY | MORE | EPOCH | FURTHER) == 0 {
        None
    } else {
        let mut envelope = Box::new(Envelope { key, epoch, ..Envelope::default() });
        if flags & FURTHER != 0 {
            get_further(&mut rest, &mut envelope)?;
        }
        if flags & MORE != 0 {
            get_more(&mut rest, &mut envelope)?;
            caller = envelope.chain.as_ref().map_or(caller, |waits| waits.pid.number);
        }
        Some(envelope)
    };
    let stamp = Stamp { caller, deadline };
    Ok(Header { method, fingerprint, stamp, envelope, size: bytes.len() - rest.len() })
}

#[inline]
fn take<const SIZE: usize>(rest: &mut &[u8]) -> Result<[u8; SIZE], String> {
    let (taken, after) = rest.split_first_chunk().ok_or_else(|| "the header is too short".to_owned())?;
    *rest = after;
    Ok(*taken)
}

#[cold]
fn get_further(rest: &mut &[u8], envelope: &mut Envelope) -> Result<(), String> {
    let further = u8::from_le_bytes(take(rest)?);
    if further & !(ONCE | CALL | GROUP | READING) != 0 || further & (CALL | GROUP) == GROUP {
        return Err(format!("the header has unknown flags: {further:#x} among the further ones"));
    }
    let mut number = || take(rest).map(u64::from_le_bytes);
    if further & ONCE != 0 {
        envelope.once = Some(number()?);
    }
    if further & CALL != 0 {
        let mut call = CallNumber { by: None, number: number()?, lowest: number()? };
        if further & GROUP != 0 {
            call.by = Some((GroupKey { group: number()?, lane: number()? }, Epoch(number()?)));
        }
        envelope.call = Some(call);
    }
    if further & READING != 0 {
        let seen = (Epoch(number()?), number()?);
        let within = Some(number()?).filter(|within| *within != u64::MAX).map(Duration::from_micros);
        envelope.reading = Some(Reading { seen, within });
    }
    Ok(())
}

#[cold]
fn get_more(rest: &mut &[u8], envelope: &mut Envelope) -> Result<(), String> {
    let more: More<'_> = read(rest)?;
    let sizes = [(more.links, MAX_LINKS), (more.headers, MAX_HEADERS), (more.extensions, MAX_EXTENSIONS)];
    if sizes.iter().any(|&(size, limit)| usize::from(size) > limit) || more.keys.len() > MAX_KEYS {
        return Err("the header is too long".into());
    }
    let mut links = Vec::with_capacity(rest.len().min(usize::from(more.links) * LINK) / LINK);
    for _ in 0..more.links {
        links.push(read::<Link<'_>>(rest)?);
    }
    envelope.chain =
        links.into_iter().rev().fold(None, |above, Link { pid, place }| Some(Chain::told(pid, place, above)));
    let (mut beside, mut extended) = (Beside::default(), 0);
    for _ in 0..more.headers {
        let (name, value) = read::<(&str, &str)>(rest)?;
        beside.headers.insert(name.to_owned(), value.to_owned());
    }
    for _ in 0..more.extensions {
        let (name, written) = read::<(&str, &[u8])>(rest)?;
        extended += name.len() + written.len();
        if extended > MAX_EXTENDED {
            return Err("the extensions of the header are too long".into());
        }
        beside.extensions.insert(name.to_owned(), written.to_owned());
    }
    envelope.beside = (!beside.is_empty()).then(|| Arc::new(beside));
    envelope.keys = Keys::from_bytes(more.keys);
    Ok(())
}

fn read<'a, T: Deserialize<'a>>(rest: &mut &'a [u8]) -> Result<T, String> {
    let (part, after) =
        postcard::take_from_bytes(rest).map_err(|error| format!("the header could not be read: {error}"))?;
    *rest = after;
    Ok(part)
}
