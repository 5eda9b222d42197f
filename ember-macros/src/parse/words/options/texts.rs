//! Options that are texts which must look like something: names, kinds, versions, times.

use std::time::Duration;

use proc_macro2::Ident;
use syn::{LitStr, ext::IdentExt};

use super::taken::Options;
use crate::{
    errors::Errors,
    parse::words::{
        duration,
        unseen::{is_only_marks, is_unseen},
    },
};

/// A name or a kind has this many bytes at most.
const LONGEST: usize = 255;

impl Options {
    /// `key = "…"`, where the text can be part of a path.
    pub(crate) fn name(&mut self, key: &'static str, example: &str, errors: &mut Errors) -> Option<LitStr> {
        let text = self.string(key, example, errors)?;
        let value = text.value();
        if value.len() > LONGEST {
            errors.at(&text, format!("this name has {} bytes: write {LONGEST} at most", value.len()));
            return None;
        }
        let fits = |c: char| (c.is_alphanumeric() && !is_unseen(c)) || c == '_' || c == '-';
        if !value.is_empty() && !is_only_marks(&value) && value.chars().all(fits) {
            return Some(text);
        }
        errors.at(&text, format!("{value:?} is not a name: it consists of letters, digits, `_` and `-`"));
        None
    }

    /// `name = "…"`, or else what the item is called.
    pub(crate) fn name_or(&mut self, item: &Ident, example: &str, errors: &mut Errors) -> String {
        self.name("name", example, errors).map_or_else(|| item.unraw().to_string(), |name| name.value())
    }

    /// `key = "…"`, where the text is a kind or the like.
    pub(crate) fn text(&mut self, key: &'static str, example: &str, errors: &mut Errors) -> Option<LitStr> {
        let text = self.string(key, example, errors)?;
        let value = text.value();
        let is_seen = value.trim() == value && !value.chars().any(|c| c.is_control() || is_unseen(c));
        let is_seen = is_seen && !is_only_marks(&value);
        if !value.is_empty() && value.len() <= LONGEST && is_seen {
            return Some(text);
        }
        errors.at(
            &text,
            format!(
                "`{key}` has 1 to {LONGEST} bytes, no blanks around it and no character that nobody sees: write `{key} = \"{example}\"`"
            ),
        );
        None
    }

    /// `key = "1.2.0"`.
    pub(crate) fn version(&mut self, key: &'static str, errors: &mut Errors) -> Option<LitStr> {
        let text = self.string(key, "1.2.0", errors)?;
        let value = text.value();
        match value.parse::<semver::Version>() {
            Ok(_) => return Some(text),
            Err(error) => errors.at(
                &text,
                format!("\"{value}\" is not a version ({error}): write three numbers, as in `{key} = \"1.2.0\"`"),
            ),
        }
        None
    }

    /// `key = "10s"`.
    pub(crate) fn duration(&mut self, key: &'static str, errors: &mut Errors) -> Option<Duration> {
        let text = self.string(key, "2s", errors)?;
        duration::parse(&text.value()).map_err(|message| errors.at(&text, message)).ok()
    }

    /// `key = "10s"`, of no more than `longest`, which is written so too; `why` says why not.
    pub(crate) fn duration_within(
        &mut self,
        key: &'static str,
        longest: &str,
        why: &str,
        errors: &mut Errors,
    ) -> Option<Duration> {
        let text = self.string(key, "60s", errors)?;
        let read = duration::parse(&text.value()).and_then(|given| match duration::parse(longest) {
            Ok(longest) if given <= longest => Ok(given),
            _ => Err(format!("\"{}\" is too long for `{key}`: write \"{longest}\" at most. {why}", text.value())),
        });
        read.map_err(|message| errors.at(&text, message)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_names_and_kinds_that_cannot_be_are_refused_with_what_to_write() {
        let said = |tokens: &str, read: fn(&mut Options, &mut Errors) -> Option<LitStr>| {
            let mut errors = Errors::default();
            let mut options = Options::parse("service", tokens.parse().unwrap(), &mut errors);
            let read = read(&mut options, &mut errors);
            (read.is_some(), errors.into_tokens().to_string())
        };
        for good in ["1.2.0", "0.0.1-rc.1+5"] {
            let (read, errors) = said(&format!("version = {good:?}"), |it, errors| it.version("version", errors));
            assert!(read, "{good}: {errors}");
        }
        for bad in ["latest", "", "1.2", "v1.2.3"] {
            let (read, errors) = said(&format!("version = {bad:?}"), |it, errors| it.version("version", errors));
            assert!(!read && errors.contains("three numbers"), "{bad}: {errors}");
        }
        for bad in ["", " ", "game ", "a\nb", "a\u{202e}b", "\u{3164}", "\u{2800}", &"x".repeat(256)] {
            let (read, errors) = said(&format!("kind = {bad:?}"), |it, errors| it.text("kind", "game", errors));
            assert!(!read && errors.contains("1 to 255 bytes"), "{bad}: {errors}");
        }
        let (read, errors) = said("name = \"\u{3164}\"", |it, errors| it.name("name", "player", errors));
        assert!(!read && errors.contains("is not a name"), "{errors}");
        let long = format!("name = {:?}", "x".repeat(256));
        let (read, errors) = said(&long, |it, errors| it.name("name", "player", errors));
        assert!(!read && errors.contains("256 bytes"), "{errors}");
    }
}
