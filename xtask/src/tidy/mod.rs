//! Rules of this repository that neither rustc nor clippy can check. `rules` looks at one file at a time,
//! `house` at what holds between files; none changes a file.

mod files;
mod house;
mod imports;
mod macros;
mod promises;
mod rooms;
mod rules;
mod source;

use crate::shell;

/// Checks every rule on every file; fails with all findings.
pub(crate) fn check() -> Result<(), String> {
    let files = files::rust_files(shell::root())?;
    let mut findings: Vec<String> = files.iter().flat_map(rules::all).collect();
    findings.extend(house::findings(&files));
    findings.extend(promises::findings(shell::root(), &files));
    if findings.is_empty() {
        println!("tidy: {} files, nothing to say", files.len());
        return Ok(());
    }
    Err(format!("tidy:\n{}", findings.join("\n")))
}
