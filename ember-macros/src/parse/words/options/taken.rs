//! The options in an attribute's brackets: `name = "…", implements(A, B), flag`.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, ExprLit, Lit, LitStr, Path, Token, ext::IdentExt, parse::Parser, punctuated::Punctuated};

use super::{
    closest::{closest, list},
    given::{Given, Value, all, bare},
};
use crate::{errors::Errors, model::Runtime};

/// Options that the design has, and this release has not.
const LATER: &[(&str, &str, &str)] = &[
    ("service", "restart", "say it where the service is made: `Hosted::with(…).restart(…)`"),
    ("service", "on_panic", "say it where the service is made: `Hosted::with(…).on_panic(…)`"),
];

/// Words that people try, for what is said elsewhere, or otherwise.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("service", "replicated", "a service is replicated by its `impl Replicated for …`: write `elected` here"),
    ("service", "shard", "write `sharded`, and how many there are, if not 64: `shards = 16`"),
    ("service", "replicas", "say it where the service is made: `Hosted::new(…).replicas(3)`"),
    ("service", "journal", "say it where the service is made: `Hosted::new(…).journal(\"folder\")`"),
    ("service", "weight", "say it where the service is made: `Hosted::new(…).weight(3)`"),
    ("service", "scale", "say it where the service is made: `Hosted::with(…).scale(…)`"),
    ("service", "mailbox", "say it where the service is made: `Hosted::new(…).mailbox(64)`"),
    ("service", "key", "each method says which of its arguments is the key: `#[rpc(key = \"player\")]`"),
    ("module", "workers", OF_THE_SERVICE),
    ("module", "sharded", OF_THE_SERVICE),
    ("module", "shards", OF_THE_SERVICE),
    ("module", "elected", OF_THE_SERVICE),
    ("method", "concurrent", OF_THE_SERVICE),
    ("method", "workers", OF_THE_SERVICE),
    ("method", "acks", OF_THE_SERVICE),
    ("method", "min_in_sync", OF_THE_SERVICE),
    ("method", "elected", OF_THE_SERVICE),
    ("method", "once", "whoever calls says it, `.once(id)`: write `dedupe = \"60s\"` here, which allows it"),
    ("method", "write", "methods change the state unless they say `read`: leave it out"),
    ("message", "retain", "whoever hears it says so: `#[on(event, retain)]`"),
    ("message", "scope", "whoever publishes it says how far it goes: `publish_to(Scope::Cluster, …)`"),
];
const OF_THE_SERVICE: &str = "it is said of the whole service: write it in `#[service(…)]`";

/// The options of one attribute. Each is taken out by what reads it; what is left at the end is unknown.
pub(crate) struct Options {
    /// What carries them: `service`, `method`, …
    on: &'static str,
    given: Vec<Given>,
    known: Vec<&'static str>,
}

/// What stands behind an option that takes either.
pub(crate) enum NameOrPath {
    Name(LitStr),
    Path(Path),
}

impl Options {
    pub(crate) fn parse(on: &'static str, args: TokenStream, errors: &mut Errors) -> Self {
        let mut given: Vec<Given> = Vec::new();
        for option in all(args) {
            let Some(option) = errors.note(option) else { continue };
            if given.iter().any(|other| other.key == option.key) {
                errors.at(&option.key, format!("the option `{}` is given twice", option.key));
            } else {
                given.push(option);
            }
        }
        Self { on, given, known: Vec::new() }
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<Given> {
        self.known.push(key);
        let index = self.given.iter().position(|option| option.key == key)?;
        Some(self.given.remove(index))
    }

    /// Where `key` stands, if it is given and has not been taken.
    pub(crate) fn key(&self, key: &str) -> Option<&Ident> {
        self.given.iter().map(|option| &option.key).find(|given| *given == key)
    }

    /// `key = "…"`.
    pub(crate) fn string(&mut self, key: &'static str, example: &str, errors: &mut Errors) -> Option<LitStr> {
        let option = self.take(key)?;
        if let Value::Is(tokens) = &option.value
            && let Some(text) = text_of(tokens)
        {
            return Some(text);
        }
        errors.at(&option, format!("`{key}` is a text: write `{key} = \"{example}\"`"));
        None
    }

    /// `key = "…"`, one of these words, the first of which is the default.
    pub(crate) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        errors: &mut Errors,
    ) -> Option<T> {
        let option = self.take(key)?;
        let given = if let Value::Is(tokens) = &option.value { text_of(tokens) } else { None };
        let found = given.as_ref().and_then(|given| words.iter().find(|(word, _)| *word == given.value()));
        if let Some((_, value)) = found {
            return Some(*value);
        }
        let known: Vec<_> = words.iter().map(|(word, _)| format!("`{key} = \"{word}\"`")).collect();
        let write = format!("write {}; \"{}\" is the default", known.join(" or "), words[0].0);
        match given {
            Some(text) => errors.at(&text, format!("unknown {key} \"{}\": {write}", text.value())),
            None => errors.at(&option, format!("`{key}` is a text: {write}")),
        }
        None
    }

    /// `key`.
    pub(crate) fn flag(&mut self, key: &'static str, errors: &mut Errors) -> bool {
        let Some(option) = self.take(key) else { return false };
        if !matches!(option.value, Value::Flag) {
            errors.at(&option, format!("`{key}` takes no value: write `{key}` alone"));
        }
        true
    }

    /// `key = 2`, a whole number from 1, with its key.
    pub(crate) fn count(&mut self, key: &'static str, example: u16, errors: &mut Errors) -> Option<(Ident, u16)> {
        let option = self.take(key)?;
        if let Value::Is(tokens) = &option.value
            && let Ok(given) = syn::parse2(bare(tokens.clone()))
            && let Some(number) = whole(&given)
        {
            return Some((option.key, number));
        }
        errors.at(&option, format!("`{key}` is a whole number from 1 to 65535: write `{key} = {example}`"));
        None
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
            if let Some(name) = text_of(tokens) {
                return Some((option.key, NameOrPath::Name(name)));
            }
            if let Ok(path) = syn::parse2::<Path>(bare(tokens.clone()))
                && !path.is_ident(name)
            {
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
            let of = |words: &[(&str, &str, &'static str)]| {
                words.iter().find(|(on, word, _)| *on == self.on && *word == key).map(|(_, _, instead)| *instead)
            };
            errors.at(
                &option.key,
                match (of(LATER), of(ELSEWHERE), closest(&key, &self.known)) {
                    (Some(instead), ..) => format!("`{key}` is not available yet: {instead}"),
                    (None, Some(instead), _) => format!("unknown option `{key}`: {instead}"),
                    (None, None, Some(close)) => format!("unknown option `{key}`: did you mean `{close}`?"),
                    (None, None, None) => format!("unknown option `{key}`: the options are {}", list(&self.known)),
                },
            );
        }
    }
}

/// A whole number from 1.
fn whole(expr: &Expr) -> Option<u16> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.suffix().is_empty() => {
            number.base10_parse().ok().filter(|number| *number > 0)
        }
        _ => None,
    }
}

/// A text, and nothing beside it.
fn text_of(tokens: &TokenStream) -> Option<LitStr> {
    let text: LitStr = syn::parse2(bare(tokens.clone())).ok()?;
    text.suffix().is_empty().then_some(text)
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Delimiter, Group, TokenTree};

    use super::*;

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
}
