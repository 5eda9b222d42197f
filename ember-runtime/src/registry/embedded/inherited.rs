//! What a new host begins with: what the file of an earlier one says, or nothing, and why.

use std::{fs, io, path::Path};

use super::kept::{self, Found};
use crate::registry::store::Contents;

/// What a new host begins with.
#[derive(Debug)]
pub(super) struct Inherited {
    pub(super) contents: Contents,
    /// They are an earlier host's.
    pub(super) restored: bool,
    /// The run of the machine, if the store is to be kept.
    pub(super) boot: Option<String>,
}

impl Inherited {
    fn empty(boot: Option<String>) -> Self {
        Self { contents: Contents::default(), restored: false, boot }
    }
}

/// Only whoever has the lock may look. A file that is not believed is not left in its place.
pub(super) fn find(file: &Path, in_memory: bool) -> Inherited {
    let boot = if in_memory { None } else { kept::boot_id() };
    match boot {
        Some(boot) => find_of(file, boot),
        None => {
            if !in_memory {
                tracing::info!(
                    target: "ember::registry",
                    "the embedded registry is in memory only, as this system does not tell its runs apart (no `/proc/sys/kernel/random/boot_id`): \
                     when this process ends, whoever takes it over starts empty"
                );
            }
            // An earlier host's: what this one does is not in it.
            if let Err(error) = remove(file) {
                tracing::error!(
                    target: "ember::registry", file = %file.display(), %error,
                    "the embedded registry's file could not be removed: remove it by hand, or a process that keeps the registry goes on from it"
                );
            }
            Inherited::empty(None)
        }
    }
}

pub(super) fn find_of(file: &Path, boot: String) -> Inherited {
    let path = file.display();
    match kept::look(file, &boot) {
        Found::Nothing => {}
        Found::Contents { mut contents, cut } => {
            if cut > 0 {
                tracing::info!(
                    target: "ember::registry", file = %path, bytes = cut,
                    "the embedded registry's file ends in the middle of a record: whoever wrote it died, and had told nobody that it was done"
                );
            }
            contents.take_over();
            return Inherited { contents, restored: true, boot: Some(boot) };
        }
        Found::OtherBoot => tracing::info!(
            target: "ember::registry", file = %path,
            "the embedded registry was kept before the machine was started anew: it starts empty, and all nodes write themselves in it again"
        ),
        Found::Abandoned => tracing::warn!(
            target: "ember::registry", file = %path,
            "an earlier process could not keep the embedded registry in its file: it starts empty, and all nodes write themselves in it again"
        ),
        Found::Refused(why) => match kept::set_aside(file) {
            Ok(aside) => tracing::error!(
                target: "ember::registry", file = %path, %why, aside = %aside.display(),
                "the embedded registry's file cannot be used: it is put aside, and the registry starts empty; all nodes write themselves in it again"
            ),
            Err(error) => {
                tracing::error!(
                    target: "ember::registry", file = %path, %why, %error,
                    "the embedded registry's file can neither be used nor put aside: the registry starts empty, in memory. Move the file away"
                );
                return Inherited::empty(None);
            }
        },
    }
    Inherited::empty(Some(boot))
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
