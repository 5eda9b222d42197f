//! Rust from `ember-runtime/proto`. The generator itself is `tools/codegen`: it has dependencies, and xtask has none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::shell;

/// Files by name.
type Files = BTreeMap<String, String>;

/// Generates, and replaces what is checked in.
pub(crate) fn write() -> Result<(), String> {
    let fresh = generate()?;
    for name in read(&checked_in())?.keys().filter(|name| !fresh.contains_key(*name)) {
        fs::remove_file(checked_in().join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    for (name, code) in fresh {
        let file = checked_in().join(name);
        fs::write(&file, code).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("wrote {}", file.display());
    }
    Ok(())
}

/// Generates, and compares with what is checked in.
pub(crate) fn check() -> Result<(), String> {
    let (fresh, old) = (generate()?, read(&checked_in())?);
    let names: BTreeSet<&String> =
        fresh.keys().chain(old.keys()).filter(|name| fresh.get(*name) != old.get(*name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(format!("{names:?} in {} differ from the protos: run `cargo xtask codegen`", checked_in().display()))
}

fn checked_in() -> PathBuf {
    shell::root().join("ember-runtime/src/transport/protocol/generated")
}

fn generate() -> Result<Files, String> {
    let out = shell::target().join("tools/generated");
    if out.exists() {
        fs::remove_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    }
    fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let mut generator = shell::tools_cargo(&["run", "--quiet", "--package", "codegen"])?;
    shell::run(generator.arg("--").arg(shell::root().join("ember-runtime/proto")).arg(&out))?;
    read(&out)
}

/// The generated files of a folder: all but `mod.rs`, which is written by hand.
fn read(folder: &Path) -> Result<Files, String> {
    let io = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Files::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "mod.rs" {
            files.insert(name, fs::read_to_string(entry.path()).map_err(io)?);
        }
    }
    Ok(files)
}
