//! Finds what a journal has, and begins to write it.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    disk::{Disk, Folder},
    keeper::Journal,
    writer::Writer,
};
use crate::{
    error::{Error, Result},
    replica::{
        Fingerprints,
        journal::{Head, Restored, VERSION, restore},
    },
};

/// A journal that nobody writes yet. Its folder is this process's.
#[derive(Debug)]
pub(crate) struct Opened {
    folder: Folder,
    path: PathBuf,
    restored: Option<Restored>,
    real: bool,
}

/// Takes a folder, and reads what is in it. It waits for the disk. `real`: whether time is not simulated.
///
/// # Errors
/// [`Error::Configuration`]: another process has it, it cannot be read, or what was acknowledged is damaged. It names the folder, and
/// says what to do.
pub(crate) fn open(path: &Path, real: bool) -> Result<Opened> {
    let refuse = |error: io::Error| refused(path, &error);
    let mut folder = Folder::take(path).map_err(refuse)?;
    let Some(file) = folder.read().map_err(refuse)? else {
        return Ok(Opened { folder, path: path.into(), restored: None, real });
    };
    let restored = restore(&file).map_err(|why| {
        let file = folder.path();
        let file = file.display();
        Error::Configuration(format!(
            "the journal `{file}` is not to be believed: {why}. Nothing of it was changed. If others of its group have what it had, move the file away, \
             and the instance learns all from them, as a new member; otherwise bring back the file itself, for without it what it alone had \
             acknowledged is lost"
        ))
    })?;
    let torn = (file.len() as u64).saturating_sub(restored.length);
    if torn > 0 {
        tracing::info!(
            target: "ember::cluster", journal = %path.display(), bytes = torn,
            "the end of a journal was never acknowledged, and is cut off: its process or its machine ended while it was written"
        );
    }
    // What a process that was killed has written may not be on the disk yet.
    folder.cut(restored.length).map_err(refuse)?;
    Ok(Opened { folder, path: path.into(), restored: Some(restored), real })
}

fn refused(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Configuration(format!("the journal in `{}` cannot be used: {error}", path.display()))
}

impl Opened {
    /// Begins to write it; with what it had.
    ///
    /// # Errors
    /// It is that of another group, or of other types.
    pub(crate) fn start(self, group: String, types: Fingerprints) -> Result<(Journal, Option<Restored>)> {
        let Self { folder, path, restored, real } = self;
        let head = Head { version: VERSION, group, types };
        if let Some(Restored { head: found, .. }) = &restored {
            if found.group != head.group {
                let (found, own) = (&found.group, &head.group);
                let whose =
                    format!("it is that of `{found}`, and not of `{own}`: give each instance a folder of its own");
                return Err(refused(&path, &whose));
            }
            if found.types != types {
                let say = "what it has was written by a build whose `Entry` or `State` is another: start the build that wrote it, or, if others of its \
                           group have what it had, move its files away";
                return Err(refused(&path, &say));
            }
        }
        let length = restored.as_ref().map_or(0, |it| it.length);
        let disk: Box<dyn Disk> = Box::new(folder);
        let writer = Writer::new(disk, head, length);
        if !real {
            return Ok((Journal::in_place(writer), restored));
        }
        let journal = Journal::start(writer).map_err(|error| refused(&path, &error))?;
        Ok((journal, restored))
    }
}
