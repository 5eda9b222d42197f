//! Who may serve: whoever has locked the lock file.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::holder;

/// An exclusive lock, which the kernel frees when the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    identity: Identity,
    _file: File,
}

impl Lock {
    pub(super) fn try_take(path: &Path) -> io::Result<Option<Self>> {
        let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(path);
        let file = file.map_err(|error| named(path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let identity = Identity::from(&file.metadata()?);
        // For those who wait for an answer and want to know of whom; nothing depends on it.
        let _ = file.set_len(0).and_then(|()| (&file).write_all(holder::mark().as_bytes()));
        let lock = Self { path: path.into(), identity, _file: file };
        // Removed between opening and locking: the lock is on a file that nobody else will find.
        Ok(lock.is_found().then_some(lock))
    }

    /// Whether others find it locked. If not, the file was removed, and one of them may have locked another.
    pub(super) fn is_found(&self) -> bool {
        Identity::of(&self.path) == Some(self.identity)
    }
}

/// The error, with the path that it is about.
pub(super) fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

/// Tells a file from another one of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path).ok().map(|found| Self::from(&found))
    }
}

impl From<&fs::Metadata> for Identity {
    fn from(found: &fs::Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }
}
