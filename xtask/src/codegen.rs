//! Rust from `ember-runtime/proto`. The generator itself is `tools/codegen`: it has dependencies, and xtask has none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::shell;

/// What is generated, and the room that it belongs to.
const ROOMS: [(&str, &str); 2] = [("etcdserverpb.rs", "registry/protocol"), ("link_v1.rs", "transport/protocol")];

/// What is in each file.
type Files = BTreeMap<PathBuf, String>;

/// Generates, and replaces what is checked in.
pub(crate) fn write() -> Result<(), String> {
    let fresh = generate()?;
    for file in checked_in()?.keys().filter(|file| !fresh.contains_key(*file)) {
        fs::remove_file(file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    for (file, code) in fresh {
        fs::write(&file, code).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("wrote {}", file.display());
    }
    Ok(())
}

/// Generates, and compares with what is checked in.
pub(crate) fn check() -> Result<(), String> {
    let (fresh, old) = (generate()?, checked_in()?);
    let files: BTreeSet<&PathBuf> =
        fresh.keys().chain(old.keys()).filter(|file| fresh.get(*file) != old.get(*file)).collect();
    if files.is_empty() {
        return Ok(());
    }
    Err(format!("{files:?} differ from the protos: run `cargo xtask codegen`"))
}

fn generate() -> Result<Files, String> {
    let out = shell::target().join("tools/generated");
    if out.exists() {
        fs::remove_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    }
    fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let mut generator = shell::tools_cargo(&["run", "--quiet", "--package", "codegen"])?;
    shell::run(generator.arg("--").arg(shell::root().join("ember-runtime/proto")).arg(&out))?;
    let place = |(file, code): (PathBuf, String)| {
        let name = file.file_name().unwrap_or_default();
        let room = ROOMS.iter().find(|(file, _)| *file == name);
        let (_, room) =
            room.ok_or_else(|| format!("{} was generated, and has no room: see `ROOMS`", file.display()))?;
        Ok((folder(room).join(name), code))
    };
    read(&out)?.into_iter().map(place).collect()
}

fn checked_in() -> Result<Files, String> {
    let mut files = Files::new();
    for (_, room) in ROOMS {
        files.extend(read(&folder(room))?);
    }
    Ok(files)
}

fn folder(room: &str) -> PathBuf {
    shell::root().join("ember-runtime/src").join(room).join("generated")
}

/// The generated files of a folder: all but `mod.rs`, which is written by hand.
fn read(folder: &Path) -> Result<Files, String> {
    let io = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Files::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let file = entry.map_err(io)?.path();
        if file.file_name().is_some_and(|name| name != "mod.rs") {
            let code = fs::read_to_string(&file).map_err(io)?;
            files.insert(file, code);
        }
    }
    Ok(files)
}
