//! Looks for `protoc`, and says what to do where there is none.

use std::{
    env::{split_paths, var_os},
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let named = var_os("PROTOC").map(PathBuf::from);
    let program = format!("protoc{}", std::env::consts::EXE_SUFFIX);
    let there = match &named {
        // A plain name is looked for on the path, as the etcd client's build does.
        Some(named) if named.components().count() == 1 => is_on_the_path(named),
        Some(named) => named.is_file(),
        None => is_on_the_path(Path::new(&program)),
    };
    if there {
        return;
    }
    let why = match named {
        Some(named) => format!("the environment variable PROTOC names `{}`, which is not there", named.display()),
        None => "there is none on the PATH, and the environment variable PROTOC names none".into(),
    };
    for line in [
        format!("the feature `etcd` of `ember` needs `protoc`, the compiler of Protocol Buffers, to build: {why}"),
        "install it (Debian, Ubuntu: `apt install protobuf-compiler`; macOS: `brew install protobuf`), or set PROTOC to its path".into(),
        "for processes of one machine, the feature `embedded` needs no `protoc`: write `features = [\"embedded\"]`".into(),
    ] {
        println!("cargo::error={line}");
    }
}

fn is_on_the_path(program: &Path) -> bool {
    var_os("PATH").is_some_and(|path| split_paths(&path).any(|folder| folder.join(program).is_file()))
}
