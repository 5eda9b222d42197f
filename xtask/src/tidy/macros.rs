//! The rooms of `ember-macros`: what is parsed becomes the model, and code is generated from the model alone. Generation judges
//! nothing: it cannot reach what makes errors, nor what reads attributes.

use std::collections::BTreeSet;

use super::imports::{Import, Module};

pub(super) const ROOT: &str = "ember-macros/src/";

/// Each room, and those that it may use besides itself.
const ROOMS: [(&str, &[&str]); 6] = [
    ("text", &[]),
    ("errors", &[]),
    ("model", &["errors"]),
    ("parse", &["text", "errors", "model"]),
    ("generate", &["text", "model"]),
    ("attribute", &["errors", "model", "parse", "generate"]),
];

/// Words of those who read attributes or make errors: `generate` has no use for them.
const JUDGES: [&str; 6] =
    ["syn::Error", "compile_error", ".is_ident(", ".parse_args", ".parse_nested_meta(", "syn::parse2"];

/// Places in `generate` that judge or parse, with their lines.
pub(super) fn judged(module: &Module, code: &str) -> Vec<(usize, String)> {
    if room(module) != Some("generate") {
        return Vec::new();
    }
    let lines = code.lines().enumerate().filter_map(|(index, line)| {
        let word = JUDGES.iter().find(|word| line.contains(**word))?;
        Some((
            index + 1,
            format!("`generate` judges nothing, and `{word}` does: put the answer into the model, in `parse`"),
        ))
    });
    lines.collect()
}

/// Imports of what a room may not use.
pub(super) fn findings(imports: &BTreeSet<Import>) -> Vec<(&Import, String)> {
    imports.iter().filter_map(|import| Some((import, said(import)?))).collect()
}

fn said(import: &Import) -> Option<String> {
    let (from, to) = (room(&import.from)?, room(&import.to)?);
    if from == to {
        return None;
    }
    let Some((_, uses)) = ROOMS.iter().find(|(room, _)| *room == from) else {
        return Some(format!("`{from}` is not a room: say in xtask/src/tidy/macros.rs what it may use"));
    };
    (!uses.contains(&to)).then(|| {
        let known = uses.iter().map(|used| format!("`{used}`")).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "nothing".to_owned() } else { known };
        format!("room `{from}` uses `{to}`, and may use {known}: parse makes the model, generate reads it")
    })
}

/// The room of a file. The root of the crate, and what only tests see, are none.
fn room(module: &Module) -> Option<&str> {
    let first = module.names().first()?;
    (!["lib", "golden", "tests"].contains(&first.as_str())).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::tidy::imports;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let rooms = "mod text; mod errors; mod model; mod parse; mod generate; mod attribute;";
        let empty = ["text.rs", "errors.rs", "model/mod.rs", "parse/mod.rs", "generate/mod.rs", "attribute.rs"];
        let mut sources: BTreeMap<Module, String> =
            empty.into_iter().map(|path| (Module::of(path), String::new())).collect();
        sources.insert(Module::of("lib.rs"), rooms.to_owned());
        sources.extend(files.iter().map(|(path, code)| (Module::of(path), (*code).to_owned())));
        findings(&imports::imports(&sources)).into_iter().map(|(_, said)| said).collect()
    }

    #[test]
    fn parse_and_generate_meet_in_the_model() {
        let fine = [
            ("model/mod.rs", "use crate::errors::Errors;"),
            ("parse/mod.rs", "use crate::{errors::Errors, model::Unit, text::text};"),
            ("generate/mod.rs", "use crate::{model::Unit, text::text};"),
            ("attribute.rs", "use crate::{errors::Errors, generate, parse};"),
        ];
        assert_eq!(found(&fine), [""; 0]);
    }

    #[test]
    fn generate_uses_neither_parse_nor_what_makes_errors() {
        for used in ["parse::Block", "errors::Errors"] {
            let said = found(&[("generate/mod.rs", &format!("use crate::{used};"))]);
            assert_eq!(said.len(), 1, "{used}: {said:?}");
            assert!(said[0].contains("room `generate` uses"), "{said:?}");
        }
    }

    #[test]
    fn the_way_through_a_reexport_is_seen() {
        let said = found(&[
            ("parse/mod.rs", "mod words; pub(crate) use self::words::Options;"),
            ("parse/words.rs", "pub(crate) struct Options;"),
            ("generate/mod.rs", "fn f() { crate::parse::Options::new() }"),
        ]);
        assert_eq!(said.len(), 1, "{said:?}");
    }

    #[test]
    fn the_model_uses_neither_side_and_parse_no_code_templates() {
        for (room, used) in [("model", "parse"), ("model", "generate"), ("parse", "generate")] {
            let said = found(&[(&format!("{room}/mod.rs"), &format!("use crate::{used}::X;"))]);
            assert_eq!(said.len(), 1, "{room} uses {used}: {said:?}");
        }
    }

    #[test]
    fn generate_parses_no_attribute() {
        let code = "fn f(attr: &Attribute) -> bool {\n    attr.path().is_ident(\"doc\")\n}";
        let said = judged(&Module::of("generate/fulfil.rs"), code);
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].0, 2);
        assert_eq!(judged(&Module::of("parse/fulfil.rs"), code), []);
    }

    #[test]
    fn a_new_room_takes_its_place() {
        let said = found(&[("lib.rs", "mod cellar; mod model;"), ("cellar.rs", "use crate::model::Unit;")]);
        assert!(said[0].contains("`cellar` is not a room"), "{said:?}");
    }
}
