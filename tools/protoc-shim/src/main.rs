//! A stand-in for `protoc`: compiles `.proto` files to a descriptor set and does nothing else.
//!
//! `tools/protoc` runs it where no `protoc` is installed.

mod args;

use std::process::ExitCode;

use args::{Compile, Request};
use protox::Compiler;

fn main() -> ExitCode {
    let done = args::parse(std::env::args_os().skip(1)).and_then(|request| match request {
        Request::Version => {
            // Callers parse this line; 31 is the release whose language protox 0.10 follows.
            println!("libprotoc 31.0");
            Ok(())
        }
        Request::Compile(compile) => run(&compile),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            eprintln!("protoc-shim: {said}");
            ExitCode::FAILURE
        }
    }
}

fn run(compile: &Compile) -> Result<(), String> {
    let mut compiler = Compiler::new(&compile.includes).map_err(|error| format!("{error:?}"))?;
    compiler.include_imports(compile.imports).include_source_info(compile.source_info);
    compiler.open_files(&compile.files).map_err(|error| format!("{error:?}"))?;
    std::fs::write(&compile.output, compiler.encode_file_descriptor_set())
        .map_err(|error| format!("cannot write {}: {error}", compile.output.display()))
}
