//! Bytes of a file, read as whoever takes a store over reads them: for those who try to break that.

use super::{
    frames,
    keeper::snapshot,
    restored::{self, Restored},
};
use crate::registry::{
    LeaseId,
    store::{Contents, Op, Store, Txn},
};

/// The run of the machine of all these files.
const BOOT: &str = "run";

/// The first byte says what the rest is: a file as it is; or records, each with its length (2 bytes) before it, of which a file with the right
/// checksums is made. Whether it was one, of a store that goes on.
///
/// # Panics
/// If what was read cannot be taken over, or is not the same when it is written and read again.
pub(crate) fn file(bytes: &[u8]) -> bool {
    let Some((kind, rest)) = bytes.split_first() else { return false };
    let file = if kind % 2 == 0 { rest.to_vec() } else { framed(rest) };
    let Some(mut contents) = read(&file) else { return false };
    let mut again = Vec::new();
    let size = snapshot(&mut again, BOOT, &contents).expect("nothing refuses the bytes");
    assert_eq!((size, read(&again).as_ref()), (again.len() as u64, Some(&contents)));
    contents.take_over();
    goes_on(&contents);
    true
}

fn read(file: &[u8]) -> Option<Contents> {
    match restored::read(file, file.len() as u64, BOOT) {
        Ok(Restored::Contents { contents, .. }) => Some(contents),
        Ok(Restored::OtherBoot) | Err(_) => None,
    }
}

fn framed(mut rest: &[u8]) -> Vec<u8> {
    let mut file = super::head::write(BOOT);
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes(*length)).min(after.len());
        let (record, after) = after.split_at(length);
        frames::add(&mut file, |out| out.extend(record)).expect("it is short");
        rest = after;
    }
    file
}

/// As the next host: each lease is renewed and ends, each key is written again.
fn goes_on(contents: &Contents) {
    let (store, log) = Store::kept(contents, 1);
    for record in contents.keys.values() {
        let put = Op::Put { key: record.key.clone(), value: None, lease: None };
        // Refused is what has a size or a name that no client could have given it.
        let _written = store.commit(&Txn::of(put));
    }
    for lease in contents.leases.keys().copied().collect::<Vec<LeaseId>>() {
        let _ended_by_itself = store.keep_alive(lease).and_then(|_| store.revoke(lease));
    }
    drop(log);
}
