//! By what the calls of a method are ordered and placed: `key = "player"`, `key = "req.player"`.

use proc_macro2::{Ident, Span};
use syn::{LitStr, Member, ext::IdentExt, parse::Parser};

use super::options::{closest, list};
use crate::{
    errors::Errors,
    model::{Arg, Key},
};

/// Reads the way to the key. What is behind the argument the compiler knows, and complains of at the same place.
pub(crate) fn key(text: &LitStr, args: &[Arg], errors: &mut Errors) -> Option<Key> {
    let (path, span) = (text.value(), text.span());
    let names: Vec<String> = args.iter().map(|arg| arg.name.unraw().to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let Some(first) = names.first() else {
        errors.at(text, "a method without arguments has no key: leave `key` out");
        return None;
    };
    let mut steps = path.split('.');
    let head = steps.next().unwrap_or_default();
    let Some(arg) = names.iter().position(|name| *name == head.strip_prefix("r#").unwrap_or(head)) else {
        let meant = closest(head, &names).map(|close| format!("did you mean `{close}`? ")).unwrap_or_default();
        let all = list(&names);
        errors.at(
            text,
            format!("`{head}` is no argument: {meant}The key is an argument ({all}), or a field of one (`{first}.id`)"),
        );
        return None;
    };
    let mut fields = Vec::new();
    for step in steps {
        let Some(field) = member(step, span) else {
            errors
                .at(text, format!("`{step}` is no field: a key is written as `{first}`, `{first}.id` or `{first}.0`"));
            return None;
        };
        fields.push(field);
    }
    let path = path.split('.').map(|step| step.strip_prefix("r#").unwrap_or(step)).collect::<Vec<_>>().join(".");
    Some(Key { path, arg, fields, span })
}

/// A name, or a number.
fn member(step: &str, span: Span) -> Option<Member> {
    if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Member::Unnamed(syn::Index { index: step.parse().ok()?, span }));
    }
    let ident = Ident::parse_any.parse_str(step).ok()?;
    let plain = syn::parse_str::<Ident>(step).is_ok();
    let name = ident.unraw().to_string();
    match &*name {
        "_" | "self" | "Self" | "super" | "crate" => None,
        _ if name != step.strip_prefix("r#").unwrap_or(step) => None,
        _ if plain && name == step => Some(Member::Named(Ident::new(&name, span))),
        _ => Some(Member::Named(Ident::new_raw(&name, span))),
    }
}

#[cfg(test)]
mod tests {
    use quote::{format_ident, quote};
    use syn::parse_quote;

    use super::*;

    fn read(text: &str) -> Result<(usize, String), String> {
        let arg = |name: &str| Arg { name: format_ident!("{name}"), ty: parse_quote!(Req) };
        let mut errors = Errors::default();
        let key = key(&LitStr::new(text, Span::call_site()), &[arg("to"), arg("req"), arg("r#type")], &mut errors);
        let said = errors.into_tokens().to_string();
        key.map(|Key { path, arg, fields, .. }| (arg, format!("{path}: {}", quote!(#(#fields)*)))).ok_or(said)
    }

    #[test]
    fn the_way_starts_at_an_argument_and_goes_on_by_names_and_numbers() {
        assert_eq!(read("req"), Ok((1, "req: ".into())));
        assert_eq!(read("req.player.0"), Ok((1, "req.player.0: player 0".into())));
        assert_eq!(read("type.r#match"), Ok((2, "type.match: r#match".into())));
        assert_eq!(read("type.match"), Ok((2, "type.match: r#match".into())));
    }

    #[test]
    fn what_is_no_way_is_refused_with_the_arguments() {
        let said = |text: &str| read(text).unwrap_err();
        assert!(said("rek").contains("did you mean `req`?") && said("rek").contains("`to`, `req`, `type`"));
        for no_field in ["req.", "req..id", "req.a b", "req.self", "req[0].id", "req.-1", "req.99999999999", "req.id "]
        {
            assert!(said(no_field).contains("compile_error"), "{no_field}");
        }
        assert!(said("").contains("is no argument"));
    }
}
