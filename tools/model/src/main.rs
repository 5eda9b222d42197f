//! What can happen to a replicated group, in every order: a model of its members, the registry and what is between them, which takes its
//! decisions from the runtime's own `replica/rules.rs`. The guide's page `docs/src/model.md` says what it is for.

mod action;
mod decide;
mod explore;
mod known;
mod left_out;
mod log;
mod model;
mod observer;
mod properties;
#[path = "../../../ember-runtime/src/replica/rules.rs"]
mod rules;
mod set;
mod step;
mod tell;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match tell::command(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            eprintln!("model: {said}");
            ExitCode::FAILURE
        }
    }
}
