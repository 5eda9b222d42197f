//! The file alone: what is read of what was written, whatever has become of it; and who writes it, on disks that are full or slow.

mod keeping;
mod reading;

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex},
};

use bytes::Bytes;

use super::{Disk, restored};
use crate::{
    registry::store::{Contents, KeyRange, Op, Store, Txn},
    sync::lock,
};

const BOOT: &str = "4b2c6f0e-0000-4000-8000-0123456789ab";

fn put(key: &str, value: &str, lease: i64) -> Op {
    Op::Put { key: Bytes::copy_from_slice(key.as_bytes()), value: Some(value.to_owned().into()), lease: Some(lease) }
}

fn delete(key: &str) -> Op {
    Op::Delete(KeyRange::single(key.to_owned()))
}

/// The revision afterwards.
fn write(store: &Store, then: Vec<Op>) -> i64 {
    store.commit(&Txn { then, ..Txn::default() }).unwrap().revision
}

/// What a whole file says.
fn read(file: &[u8]) -> Contents {
    match restored::read(file, file.len() as u64, BOOT) {
        Ok(restored::Restored::Contents { contents, cut: 0 }) => contents,
        other => panic!("{other:?}"),
    }
}

/// A disk in memory, which can be full, and can be made to wait.
#[derive(Debug, Clone)]
struct Memory(Arc<(Mutex<Ram>, Condvar)>);

#[derive(Debug)]
struct Ram {
    file: Option<Vec<u8>>,
    /// So large may it become.
    most: usize,
    /// So large may it be when it is written anew.
    most_anew: usize,
    /// Writes wait.
    held: bool,
    /// Writes panic.
    broken: bool,
    replaced: usize,
}

impl Memory {
    fn new() -> Self {
        let ram = Ram { file: None, most: usize::MAX, most_anew: usize::MAX, held: false, broken: false, replaced: 0 };
        Self(Arc::new((Mutex::new(ram), Condvar::new())))
    }

    fn set(&self, change: impl FnOnce(&mut Ram)) {
        change(&mut lock(&self.0.0));
        self.0.1.notify_all();
    }

    fn file(&self) -> Option<Vec<u8>> {
        lock(&self.0.0).file.clone()
    }

    fn replaced(&self) -> usize {
        lock(&self.0.0).replaced
    }
}

impl Disk for Memory {
    fn replace(&mut self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut file = Vec::new();
        write(&mut file)?;
        let mut ram = lock(&self.0.0);
        if file.len() > ram.most.min(ram.most_anew) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        (ram.file, ram.replaced) = (Some(file), ram.replaced + 1);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut ram = self.0.1.wait_while(lock(&self.0.0), |ram| ram.held).unwrap();
        let (most, broken) = (ram.most, ram.broken);
        if broken {
            drop(ram);
            panic!("a disk that nobody has thought of");
        }
        let file = ram.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let room = most.saturating_sub(file.len());
        file.extend(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn discard(&mut self) -> io::Result<()> {
        lock(&self.0.0).file = None;
        Ok(())
    }
}
