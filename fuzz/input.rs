//! Gives what libFuzzer thinks of to one of the readers of bytes from outside: the one that `EMBER_INPUT` names.
#![no_main]

use std::{env, process::exit, sync::LazyLock};

use ember_runtime::testing::inputs::{ALL, Input};
use libfuzzer_sys::fuzz_target;

static INPUT: LazyLock<&Input> = LazyLock::new(|| {
    let name = env::var("EMBER_INPUT").unwrap_or_default();
    ALL.iter().find(|input| input.name == name).unwrap_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|input| input.name).collect();
        eprintln!("EMBER_INPUT={name:?} is no reader; set it to one of {}", names.join(", "));
        exit(2)
    })
});

fuzz_target!(|bytes: &[u8]| {
    (INPUT.read)(bytes);
});
