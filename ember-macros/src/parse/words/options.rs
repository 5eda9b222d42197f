//! The options in an attribute's brackets: `name = "…", implements(A, B), flag`.

use std::time::Duration;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Expr, ExprLit, Lit, LitStr, Path, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

use super::{
    duration,
    unseen::{is_only_marks, is_unseen},
};
use crate::{errors::Errors, model::Runtime};

/// Options that the design has, and this release has not.
const LATER: &[(&str, &str, &str)] = &[
    ("service", "concurrent", SHARED),
    ("service", "workers", SHARED),
    ("service", "sharded", "leave it out, and host several instances, which callers choose `by_key`"),
    ("service", "elected", "leave it out: all instances are equal"),
    ("service", "restart", "say it where the service is made: `Hosted::with(…).restart(…)`"),
    ("service", "on_panic", "say it where the service is made: `Hosted::with(…).on_panic(…)`"),
];
const SHARED: &str = "leave it out, and host several instances, which share the calls";

/// A name or a kind has this many bytes at most.
const LONGEST: usize = 255;

/// The options of one attribute. Each is taken out by what reads it; what is left at the end is unknown.
pub(crate) struct Options {
    /// What carries them: `service`, `method`, …
    on: &'static str,
    given: Vec<Given>,
    known: Vec<&'static str>,
}

struct Given {
    key: Ident,
    value: Value,
}

/// What stands behind an option that takes either.
pub(crate) enum NameOrPath {
    Name(LitStr),
    Path(Path),
}

enum Value {
    Flag,
    Is(TokenStream),
    List(TokenStream),
}

impl Options {
    pub(crate) fn parse(on: &'static str, args: TokenStream, errors: &mut Errors) -> Self {
        let mut given: Vec<Given> = Vec::new();
        for part in split(args) {
            let Some(option) = errors.note(one.parse2(part)) else { continue };
            if given.iter().any(|other| other.key == option.key) {
                errors.at(&option.key, format!("the option `{}` is given twice", option.key));
            } else {
                given.push(option);
            }
        }
        Self { on, given, known: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<Given> {
        self.known.push(key);
        let index = self.given.iter().position(|option| option.key == key)?;
        Some(self.given.remove(index))
    }

    /// `key = "…"`.
    pub(crate) fn string(&mut self, key: &'static str, example: &str, errors: &mut Errors) -> Option<LitStr> {
        let option = self.take(key)?;
        if let Value::Is(tokens) = &option.value
            && let Ok(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) = syn::parse2(bare(tokens.clone()))
        {
            return Some(text);
        }
        errors.at(&option, format!("`{key}` is a text: write `{key} = \"{example}\"`"));
        None
    }

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

    /// `key`.
    pub(crate) fn flag(&mut self, key: &'static str, errors: &mut Errors) -> bool {
        let Some(option) = self.take(key) else { return false };
        if !matches!(option.value, Value::Flag) {
            errors.at(&option, format!("`{key}` takes no value: write `{key}` alone"));
        }
        true
    }

    /// `key = path`.
    pub(crate) fn path(&mut self, key: &'static str, example: &str, errors: &mut Errors) -> Option<Path> {
        let option = self.take(key)?;
        if let Value::Is(tokens) = &option.value
            && let Ok(path) = Path::parse_mod_style.parse2(bare(tokens.clone()))
        {
            return Some(path);
        }
        errors.at(&option, format!("`{key}` is a path: write `{key} = {example}`"));
        None
    }

    /// `key = "name"` or `key = path`, with its key.
    pub(crate) fn name_or_path(
        &mut self,
        key: &'static str,
        name: &str,
        path: &str,
        errors: &mut Errors,
    ) -> Option<(Ident, NameOrPath)> {
        let option = self.take(key)?;
        if let Value::Is(tokens) = &option.value {
            if let Ok(name) = syn::parse2::<LitStr>(bare(tokens.clone())) {
                return Some((option.key, NameOrPath::Name(name)));
            }
            if let Ok(path) = syn::parse2::<Path>(bare(tokens.clone())) {
                return Some((option.key, NameOrPath::Path(path)));
            }
        }
        errors.at(&option, format!("write `{key} = \"{name}\"`, or the path of your own: `{key} = {path}`"));
        None
    }

    /// `key(path, …)`.
    pub(crate) fn paths(&mut self, key: &'static str, example: &str, errors: &mut Errors) -> Vec<Path> {
        let Some(option) = self.take(key) else { return Vec::new() };
        if let Value::List(tokens) = &option.value
            && let Ok(paths) = Punctuated::<Path, Token![,]>::parse_terminated.parse2(tokens.clone())
        {
            return paths.into_iter().collect();
        }
        errors.at(&option, format!("`{key}` is a list: write `{key}({example})`"));
        Vec::new()
    }

    /// `crate = path`.
    pub(crate) fn runtime(&mut self, errors: &mut Errors) -> Runtime {
        Runtime(self.path("crate", "the_name_of_the_crate_ember", errors))
    }

    /// Notes what nobody has asked for.
    pub(crate) fn finish(self, errors: &mut Errors) {
        for option in &self.given {
            let key = option.key.unraw().to_string();
            let later = LATER.iter().find(|(on, later, _)| *on == self.on && *later == key);
            errors.at(
                &option.key,
                match (later, closest(&key, &self.known)) {
                    (Some((_, _, instead)), _) => format!("`{key}` is not available yet: {instead}"),
                    (None, Some(close)) => format!("unknown option `{key}`: did you mean `{close}`?"),
                    (None, None) => format!("unknown option `{key}`: the options are {}", list(&self.known)),
                },
            );
        }
    }
}

impl ToTokens for Given {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.key.to_tokens(tokens);
        if let Value::Is(value) | Value::List(value) = &self.value {
            value.to_tokens(tokens);
        }
    }
}

/// The tokens without the group that nobody sees, which `macro_rules!` lays around what it was given, as in `name = $name`.
fn bare(tokens: TokenStream) -> TokenStream {
    let mut rest = tokens.clone().into_iter();
    match (rest.next(), rest.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => bare(group.stream()),
        _ => tokens,
    }
}

/// The parts between commas.
fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            _ => parts.last_mut().expect("there is one part at least").extend([token]),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// One option.
fn one(input: ParseStream<'_>) -> syn::Result<Given> {
    let what = "expected an option: `name`, `name = value` or `name(…)`";
    let key = Ident::parse_any(input).map_err(|error| syn::Error::new(error.span(), what))?;
    let value = if input.is_empty() {
        Value::Flag
    } else if input.parse::<Option<Token![=]>>()?.is_some() {
        let rest: TokenStream = input.parse()?;
        if rest.is_empty() {
            return Err(syn::Error::new(key.span(), format!("`{key} =` needs a value")));
        }
        Value::Is(rest)
    } else if input.peek(syn::token::Paren) {
        let list;
        syn::parenthesized!(list in input);
        let list: TokenStream = list.parse()?;
        if !input.is_empty() {
            return Err(input.error(what));
        }
        Value::List(list)
    } else {
        return Err(input.error(what));
    };
    Ok(Given { key, value })
}

/// ``` `a`, `b` ```.
pub(crate) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The name that was probably meant.
pub(crate) fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let (distance, close) = known.iter().map(|other| (distance(name, other), *other)).min()?;
    (distance <= 1 + name.len() / 4).then_some(close)
}

/// How many letters to add, drop or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut above_left = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = above_left + usize::from(from != *to);
            above_left = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(above_left + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use proc_macro2::Group;

    use super::*;

    #[test]
    fn slips_of_the_finger_are_recognized() {
        let known = ["name", "timeout", "priority"];
        assert_eq!(closest("timout", &known), Some("timeout"));
        assert_eq!(closest("nmae", &known), Some("name"));
        assert_eq!(closest("colour", &known), None);
    }

    #[test]
    fn a_text_that_a_macro_was_given_is_the_text() {
        let text = TokenTree::Literal(proc_macro2::Literal::string("player"));
        let once = TokenTree::Group(Group::new(Delimiter::None, text.into()));
        let twice = TokenTree::Group(Group::new(Delimiter::None, once.clone().into()));
        for given in [once, twice] {
            let mut errors = Errors::default();
            let mut options = Options::parse("service", quote::quote!(name = #given), &mut errors);
            let name = options.name("name", "player", &mut errors).map(|name| name.value());
            assert_eq!(name.as_deref(), Some("player"), "{}", errors.into_tokens());
        }
    }

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
