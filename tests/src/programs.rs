//! Programs that the tests need, and what to do if one is missing.

use std::{env, path::PathBuf};

/// The program that the variable names, or `program` from the PATH.
///
/// # Panics
/// If it is not there; the message says what to install.
pub fn find(variable: &str, program: &str, package: &str) -> PathBuf {
    if let Some(path) = env::var_os(variable) {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "{variable} says `{}`, which is not a file", path.display());
        return path;
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file()).unwrap_or_else(|| {
        panic!(
            "`{program}` is not installed: run `cargo xtask test`, which fetches it, or `apt-get install {package}`, \
             or name its path in {variable}"
        )
    })
}
