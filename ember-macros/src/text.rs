//! Types as text, for messages and for the signatures that both sides of a call compare.

use quote::ToTokens;

/// The text of a type, spaced as people do: `Result<u64, ShopError>`.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    let raw = tokens.to_token_stream().to_string();
    let mut out = String::with_capacity(raw.len());
    let mut words = raw.split_whitespace().peekable();
    while let Some(word) = words.next() {
        out.push_str(word);
        let Some(next) = words.peek() else { break };
        let joins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '\'');
        let apart = out.ends_with(joins) && next.starts_with(joins)
            || matches!(out.chars().last(), Some(',' | ';' | '+' | '='))
            || out.ends_with("->")
            || matches!(*next, "->" | "+" | "=");
        if apart {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use syn::Type;

    use super::*;

    #[test]
    fn types_are_spaced_as_people_do() {
        for written in [
            "Result<u64, ShopError>",
            "std::collections::HashMap<u32, Vec<(u8, String)>>",
            "[u8; 4]",
            "()",
            "&'static str",
            "Box<dyn Fn(u8) -> u8 + Send>",
            "<T as Iterator>::Item",
        ] {
            assert_eq!(text(&syn::parse_str::<Type>(written).unwrap()), written);
        }
    }
}
