//! The options of a method that its description holds, in one table: whether they are known, how they are read, and what the
//! description says. A new one is a line here, and a field of the runtime's `MethodInfo` with the function that sets it.

use super::Options;
use crate::{errors::Errors, model::Told};

/// What an option can be given.
enum Given {
    /// Nothing: it is there, or it is not.
    Flag,
    /// A time: `"2s"`.
    Duration,
    /// A time that is no longer than the first of these, for the reason that is the second.
    Within(&'static str, &'static str),
    /// One of these words, the first of which is the default. Those that say something call the function beside them.
    Word(&'static [(&'static str, Option<&'static str>)]),
}

/// By their names. A flag and a duration are functions of the same name.
const OPTIONS: &[(&str, Given)] = &[
    ("timeout", Given::Duration),
    ("priority", Given::Word(&[("user", None), ("system", Some("system"))])),
    ("cancel", Given::Flag),
    ("queued", Given::Flag),
    ("idempotent", Given::Flag),
    ("read", Given::Flag),
    ("dedupe", Given::Within("30d", KEPT)),
];

/// Why no reply is stored for longer.
const KEPT: &str = "Replies are kept in memory, 65,536 of a service, and go when its node ends; an id that has to be known for longer belongs into \
                    your database, beside what it did";

/// What the description says of a method that is given these options.
pub(crate) fn told(options: &mut Options, errors: &mut Errors) -> Vec<Told> {
    let told = OPTIONS.iter().filter_map(|(name, given)| match given {
        Given::Flag => options.flag(name, errors).then_some(Told { function: name, duration: None }),
        Given::Duration => {
            options.duration(name, errors).map(|duration| Told { function: name, duration: Some(duration) })
        }
        Given::Within(longest, why) => options
            .duration_within(name, longest, why, errors)
            .map(|duration| Told { function: name, duration: Some(duration) }),
        Given::Word(words) => {
            options.word(name, words, errors).flatten().map(|function| Told { function, duration: None })
        }
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use quote::quote;

    use super::*;

    /// An option as it is written, and the function on `MethodInfo` that it calls, if any.
    fn written() -> Vec<(&'static str, String, Option<&'static str>)> {
        let of = |(name, given): &(&'static str, Given)| match given {
            Given::Flag => vec![(*name, (*name).to_owned(), Some(*name))],
            Given::Duration | Given::Within(..) => vec![(*name, format!("{name} = \"2s\""), Some(*name))],
            Given::Word(words) => {
                words.iter().map(|(word, function)| (*name, format!("{name} = \"{word}\""), *function)).collect()
            }
        };
        OPTIONS.iter().flat_map(of).collect()
    }

    #[test]
    fn a_line_in_the_table_is_all_that_the_macros_need() {
        for (name, option, function) in written() {
            let option: proc_macro2::TokenStream = option.parse().unwrap();
            let block = quote!(impl Shop { #[rpc(#option)] pub async fn rpc_buy(&mut self) {} });
            let made = crate::attribute::rpc(quote!(), block).to_string();
            assert!(!made.contains("compile_error"), "{option}: {made}");
            if let Some(function) = function {
                assert!(made.contains(&format!(". {function} (")), "{option}: {made}");
            }
            // What is nearly one is recognized.
            let slip: proc_macro2::TokenStream = format!("{name}e").parse().unwrap();
            let block = quote!(impl Shop { #[rpc(#slip)] pub async fn rpc_buy(&mut self) {} });
            let made = crate::attribute::rpc(quote!(), block).to_string();
            assert!(made.contains(&format!("did you mean `{name}`?")), "{name}: {made}");
        }
    }

    #[test]
    fn every_option_is_a_function_of_the_description_and_a_line_of_the_documentation() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (info, face) = (read("../ember-runtime/src/message/methods/method.rs"), read("src/lib.rs"));
        for (name, option, function) in written() {
            let told = [format!("/// | `{name}` |"), format!("/// | `{name} = ")];
            assert!(
                told.iter().any(|line| face.contains(line)),
                "the table of `rpc` in lib.rs has no line for `{name}`"
            );
            let Some(function) = function else { continue };
            let sets = format!("pub const fn {function}(mut self");
            assert!(info.contains(&sets), "`{option}` needs `{sets}…)` on `MethodInfo`");
        }
    }
}
