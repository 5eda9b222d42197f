//! The part of `protoc`'s command line that build scripts use. No I/O here.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    /// Print a version that a caller can parse.
    Version,
    /// Compile files to a descriptor set.
    Compile(Compile),
}

/// One compilation.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Compile {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) includes: Vec<PathBuf>,
    pub(crate) output: PathBuf,
    pub(crate) imports: bool,
    pub(crate) source_info: bool,
}

/// Reads a command line, without the program's name.
///
/// # Errors
/// A sentence for the user, when an option is unknown or lacks its value.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut compile = Compile::default();
    let mut args = args.into_iter();
    while let Some(raw) = args.next() {
        let Some(arg) = raw.to_str().filter(|arg| arg.starts_with('-')) else {
            compile.files.push(raw.into());
            continue;
        };
        let (name, inline) = split(arg);
        match name {
            "--version" => return Ok(Request::Version),
            "--include_imports" => compile.imports = true,
            "--include_source_info" => compile.source_info = true,
            // Needed by compilers before 3.15 only; what it allows is always on here.
            "--experimental_allow_proto3_optional" => {}
            "-o" | "--descriptor_set_out" => compile.output = value(name, inline, &mut args)?.into(),
            "-I" | "--proto_path" => compile.includes.push(value(name, inline, &mut args)?.into()),
            _ => {
                return Err(format!(
                    "option `{arg}` is not one of those that this stand-in for protoc knows; \
                     install protobuf's own `protoc` and put it on the PATH"
                ));
            }
        }
    }
    if compile.files.is_empty() || compile.output.as_os_str().is_empty() {
        return Err("name an output (`-o FILE`) and at least one .proto file".into());
    }
    if compile.includes.is_empty() {
        compile.includes.push(".".into());
    }
    Ok(Request::Compile(compile))
}

/// `--name=value`, `-Ivalue` and `-ovalue` carry their value with them.
fn split(arg: &str) -> (&str, Option<OsString>) {
    if arg.starts_with("--") {
        return match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.into())),
            None => (arg, None),
        };
    }
    match arg.split_at_checked(2) {
        Some((name, value)) if !value.is_empty() => (name, Some(value.into())),
        _ => (arg, None),
    }
}

fn value(name: &str, inline: Option<OsString>, rest: &mut impl Iterator<Item = OsString>) -> Result<OsString, String> {
    inline.or_else(|| rest.next()).ok_or_else(|| format!("option `{name}` needs a value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Request, String> {
        parse(args.iter().map(OsString::from))
    }

    #[test]
    fn command_line_of_prost_build_is_understood() {
        let args = ["--include_imports", "--include_source_info", "-o", "out", "-I", "a", "-I", "b", "x.proto"];
        let expected = Compile {
            files: vec!["x.proto".into()],
            includes: vec!["a".into(), "b".into()],
            output: "out".into(),
            imports: true,
            source_info: true,
        };
        assert_eq!(read(&args), Ok(Request::Compile(expected)));
    }

    #[test]
    fn joined_values_mean_the_same_as_separate_ones() {
        assert_eq!(
            read(&["--descriptor_set_out=out", "-Ia", "--proto_path=b", "x.proto"]),
            read(&["-o", "out", "-I", "a", "-I", "b", "x.proto"]),
        );
    }

    #[test]
    fn unknown_option_is_named() {
        assert!(read(&["--go_out=.", "x.proto"]).is_err_and(|said| said.contains("--go_out")));
    }

    #[test]
    fn missing_value_is_named() {
        assert!(read(&["x.proto", "-o"]).is_err_and(|said| said.contains("`-o` needs a value")));
    }
}
