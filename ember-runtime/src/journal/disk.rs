//! The file of a journal, and the one that is written to take its place.

use std::{
    fmt, fs,
    fs::{File, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

/// Where a journal is. What [`sync`](Self::sync) and [`replace`](Self::replace) have done outlives the machine; the rest may be there or
/// not, in part too.
pub(super) trait Disk: fmt::Debug + Send {
    /// Begins another file, in the place of one that was begun before.
    fn begin(&mut self) -> io::Result<()>;

    /// Adds to that, and has it on the disk.
    fn add(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Puts it into the place of what there was. From now on it is appended to.
    fn replace(&mut self) -> io::Result<()>;

    /// Adds to what is there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Has all that was appended on the disk.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts off what comes after so many bytes: it was refused, and nobody is to find it. Nothing is appended any more.
    fn abandon(&mut self, length: u64) -> io::Result<()>;
}

/// A folder of which this process is the only user.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Syncing it has names on the disk.
    folder: File,
    file: Option<File>,
    unfinished: Option<File>,
    /// The kernel frees it when this process ends, however it ends.
    _lock: File,
}

impl Folder {
    /// Takes it, and makes it if it is not there.
    ///
    /// # Errors
    /// Another has it; or the file system refuses.
    pub(super) fn take(path: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let name = path.join("lock");
        let lock = File::options().create(true).truncate(false).read(true).write(true).mode(0o600).open(&name)?;
        let mut tries = 0;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    let by = fs::read_to_string(&name).ok().filter(|by| !by.is_empty());
                    let by = by.map_or_else(|| "another process".into(), |by| format!("process {by}"));
                    let say = "has it: a journal is that of one instance, so give each a folder of its own, or end that one first";
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, format!("{by} {say}")));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        // For whoever comes and wants to know whose it is; nothing depends on it.
        let _only_told = lock.set_len(0).and_then(|()| (&lock).write_all(process::id().to_string().as_bytes()));
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            // That the folder is there outlives the machine, too.
            File::open(parent)?.sync_all()?;
        }
        let _none_left = fs::remove_file(path.join(UNFINISHED));
        Ok(Self { path: path.into(), folder: File::open(path)?, file: None, unfinished: None, _lock: lock })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.path.join(FILE)
    }

    /// What the file holds; nothing, if there is none. It is appended to from now on, at the end.
    pub(super) fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let bytes = match fs::read(self.path()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        self.file = Some(File::options().append(true).open(self.path())?);
        Ok(Some(bytes))
    }

    /// Cuts off what comes after so many bytes.
    pub(super) fn cut(&mut self, length: u64) -> io::Result<()> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        file.set_len(length)?;
        file.sync_all()
    }
}

/// Who has ended just now may still write what it was given: it is looked for again so often,
const TRIES: u32 = 100;
/// after this.
const PAUSE: Duration = Duration::from_millis(10);
/// Its name.
const FILE: &str = "journal";
/// What the next one is called until it is whole.
const UNFINISHED: &str = "journal.unfinished";

impl Disk for Folder {
    fn begin(&mut self) -> io::Result<()> {
        let path = self.path.join(UNFINISHED);
        self.unfinished = None;
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        self.unfinished = Some(File::options().create_new(true).append(true).mode(0o600).open(path)?);
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = self.unfinished.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.write_all(bytes)?;
        file.sync_data()
    }

    fn replace(&mut self) -> io::Result<()> {
        let file = self.unfinished.take().ok_or(io::ErrorKind::NotFound)?;
        file.sync_all()?;
        fs::rename(self.path.join(UNFINISHED), self.path.join(FILE))?;
        self.folder.sync_all()?;
        self.file = Some(file);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.as_mut().ok_or(io::ErrorKind::NotFound)?.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.as_ref().ok_or(io::ErrorKind::NotFound)?.sync_data()
    }

    fn abandon(&mut self, length: u64) -> io::Result<()> {
        self.unfinished = None;
        let _there_may_be_none = fs::remove_file(self.path.join(UNFINISHED));
        match self.file.take() {
            Some(file) => file.set_len(length),
            None => Ok(()),
        }
    }
}
