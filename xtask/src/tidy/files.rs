//! The Rust files of the repository.

use std::fs;
use std::path::Path;

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root of the repository, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The path inside the crate's `src`, if it is there.
    pub(crate) fn in_src(&self) -> Option<&str> {
        self.path.split_once("/src/").map(|(_, inside)| inside)
    }

    /// Whether a generator wrote it.
    pub(crate) fn generated(&self) -> bool {
        self.path.contains("/generated/") && !self.path.ends_with("/mod.rs")
    }

    /// Whether all of it is test code.
    pub(crate) fn test_only(&self) -> bool {
        let inside = self.in_src().unwrap_or(&self.path);
        self.path.starts_with("tests/")
            || inside.split('/').any(|part| part == "tests" || part == "tests.rs")
            || inside.ends_with("_tests.rs")
    }
}

/// All of them, sorted by path; without build output and hidden folders.
pub(crate) fn rust_files(root: &Path) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    collect(root, root, &mut files).map_err(|error| format!("{}: {error}", root.display()))?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                collect(root, &path, files)?;
            }
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path)?;
            let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
    Ok(())
}
