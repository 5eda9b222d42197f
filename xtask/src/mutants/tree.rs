//! A copy of the sources, always at the same place, so that what was built of it stays of use. Mutants are made in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell;

/// Brings the copy up to date, with what is not committed yet; a file that has not changed keeps its time.
pub(crate) fn update(tree: &Path) -> Result<(), String> {
    let listed = |what: &[&str]| -> Result<Vec<PathBuf>, String> {
        let mut git = Command::new("git");
        git.current_dir(shell::root()).args(["ls-files", "-z"]).args(what);
        Ok(shell::output(&mut git)?.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect())
    };
    let files = listed(&["--cached", "--others", "--exclude-standard"])?;
    let said = |error: std::io::Error| format!("{}: {error}", tree.display());
    let mut kept = BTreeSet::new();
    for file in files {
        let (from, to) = (shell::root().join(&file), tree.join(&file));
        // Deleted, and not committed yet.
        if !from.is_file() {
            continue;
        }
        if fs::read(&to).ok() != Some(fs::read(&from).map_err(said)?) {
            fs::create_dir_all(to.parent().unwrap_or(tree)).map_err(said)?;
            fs::copy(&from, &to).map_err(said)?;
        }
        kept.insert(to);
    }
    forget(tree, &kept).map_err(said)
}

/// Deletes what is not there any more.
fn forget(folder: &Path, kept: &BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            // Tools that the build makes for itself.
            if path.file_name().is_none_or(|name| name != "target") {
                forget(&path, kept)?;
            }
        } else if !kept.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
