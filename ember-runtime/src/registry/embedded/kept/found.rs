//! What whoever takes over finds in the place of the file, and what becomes of a file that is not believed.

use std::{
    fs::{self, File},
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use super::restored::{self, Refused, Restored};
use crate::registry::store::Contents;

/// Files that are put aside stay so many at a time.
const ASIDE: usize = 8;

/// What is in the place of the file.
#[derive(Debug)]
pub(in super::super) enum Found {
    Nothing,
    /// With how many bytes at the end that were half a record.
    Contents {
        contents: Contents,
        cut: u64,
    },
    /// It is of an earlier run of the machine, and may lack its end.
    OtherBoot,
    /// Whoever wrote it could go on no more, and could not remove it.
    Abandoned,
    Refused(Refused),
}

pub(in super::super) fn look(path: &Path, boot: &str) -> Found {
    let read = || {
        // Opening a FIFO would wait for whoever writes to it.
        if !fs::metadata(path)?.is_file() {
            return Err(Refused::Foreign);
        }
        let file = File::open(path)?;
        let found = file.metadata()?;
        if found.len() == 0 {
            return Ok(Found::Abandoned);
        }
        Ok(match restored::read(BufReader::with_capacity(1 << 16, file), found.len(), boot)? {
            Restored::Contents { contents, cut } => Found::Contents { contents, cut },
            Restored::OtherBoot => Found::OtherBoot,
        })
    };
    match read() {
        Ok(found) => found,
        Err(Refused::Io(error)) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
        Err(refused) => Found::Refused(refused),
    }
}

/// Gives it another name, which it returns. When there are many such names, the one that got its file first gets this one.
pub(in super::super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let names = (1..=ASIDE).map(|number| path.with_extension(format!("refused-{number}")));
    let since = |name: &PathBuf| fs::symlink_metadata(name).and_then(|found| found.modified()).ok();
    let name = names.min_by_key(since).ok_or(io::ErrorKind::NotFound)?;
    fs::rename(path, &name)?;
    Ok(name)
}
