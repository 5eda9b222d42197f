//! The file itself: written anew under another name and then put into its place, appended to, removed.

use std::{
    fmt, fs,
    fs::File,
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
    sync::{Arc, Mutex},
};

use super::super::lock::{Identity, Lock};
use crate::sync::lock;

/// Where a store is kept.
pub(in super::super) trait Disk: fmt::Debug + Send {
    /// Puts what `write` writes into the place of what there was. On an error that stays, and can be appended to.
    fn replace(&mut self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()>;

    /// Adds to what [`replace`](Self::replace) has written. After an error a part of it may be there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Removes it: whoever comes next does not believe it.
    fn discard(&mut self) -> io::Result<()>;
}

/// A file beside a lock, which is its writer's.
#[derive(Debug)]
pub(in super::super) struct OnDisk {
    path: PathBuf,
    lock: Arc<Mutex<Lock>>,
    file: Option<File>,
    /// That of the file, if there is one.
    identity: Arc<Mutex<Option<Identity>>>,
}

impl OnDisk {
    pub(in super::super) fn new(path: &Path, lock: Arc<Mutex<Lock>>) -> Self {
        remove_unfinished(path);
        Self { path: path.into(), lock, file: None, identity: Arc::default() }
    }

    /// That of the file, if there is one.
    pub(in super::super) fn identity(&self) -> Arc<Mutex<Option<Identity>>> {
        Arc::clone(&self.identity)
    }

    fn write(&self, unfinished: &Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<File> {
        let _left = fs::remove_file(unfinished);
        let file = File::options().create_new(true).append(true).mode(0o600).open(unfinished)?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        write(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        // If others do not find this lock, what is there may be theirs.
        if !lock(&self.lock).is_found() {
            return Err(io::Error::other("the lock file was removed"));
        }
        fs::rename(unfinished, &self.path)?;
        Ok(file)
    }
}

impl Disk for OnDisk {
    fn replace(&mut self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let unfinished = unfinished(&self.path, &process::id().to_string());
        let file = self.write(&unfinished, write).inspect_err(|_| {
            let _there_may_be_none = fs::remove_file(&unfinished);
        })?;
        *lock(&self.identity) = Some(Identity::from(&file.metadata()?));
        self.file = Some(file);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.as_mut().ok_or(io::ErrorKind::NotFound)?.write_all(bytes)
    }

    fn discard(&mut self) -> io::Result<()> {
        let file = self.file.take();
        *lock(&self.identity) = None;
        // What others have put there is theirs.
        if !lock(&self.lock).is_found() {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                // An empty file is not believed either.
                file.map_or_else(|| File::options().write(true).open(&self.path), Ok)
                    .and_then(|file| file.set_len(0))
                    .map_err(|_| error)
            }
            _ => Ok(()),
        }
    }
}

fn unfinished(path: &Path, process: &str) -> PathBuf {
    path.with_extension(format!("store-{process}"))
}

/// Removes what processes have left that were killed while they wrote a file anew. Only whoever has the lock may.
fn remove_unfinished(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), unfinished(path, "").file_name().map(ToOwned::to_owned)) else {
        return;
    };
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in files.flatten() {
        if file.file_name().as_encoded_bytes().starts_with(name.as_encoded_bytes()) {
            let _gone = fs::remove_file(file.path());
        }
    }
}
