//! The options of a method that its description holds. A new one is a line here, and a function on the runtime's `MethodInfo`.

use super::Options;
use crate::{errors::Errors, model::Told};

/// What an option can be given.
enum Given {
    /// Nothing: it is there, or it is not.
    Flag,
    /// A time: `"2s"`.
    Duration,
    /// One of these words. Those that say something call the function beside them.
    Word(&'static [(&'static str, Option<&'static str>)]),
}

/// By their names. A flag and a duration are functions of the same name.
const OPTIONS: &[(&str, Given)] = &[
    ("timeout", Given::Duration),
    ("priority", Given::Word(&[("system", Some("system")), ("user", None)])),
    ("cancel", Given::Flag),
    ("queued", Given::Flag),
    ("idempotent", Given::Flag),
];

/// What the description says of a method that is given these options.
pub(crate) fn told(options: &mut Options, errors: &mut Errors) -> Vec<Told> {
    let told = OPTIONS.iter().filter_map(|(name, given)| match given {
        Given::Flag => options.flag(name, errors).then_some(Told { function: name, duration: None }),
        Given::Duration => {
            options.duration(name, errors).map(|duration| Told { function: name, duration: Some(duration) })
        }
        Given::Word(words) => word(name, words, options, errors).map(|function| Told { function, duration: None }),
    });
    told.collect()
}

fn word(
    name: &'static str,
    words: &[(&'static str, Option<&'static str>)],
    options: &mut Options,
    errors: &mut Errors,
) -> Option<&'static str> {
    let text = options.string(name, words[0].0, errors)?;
    match words.iter().find(|(word, _)| *word == text.value()) {
        Some((_, function)) => *function,
        None => {
            let known: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            errors.at(&text, format!("unknown {name} \"{}\": write {}", text.value(), known.join(" or ")));
            None
        }
    }
}
