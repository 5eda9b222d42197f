//! Options that are a number, or a range of numbers: `workers = 8`, `workers = 2..=16`.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, ExprLit, ExprRange, Lit, RangeLimits};

use super::{
    given::{Value, bare},
    taken::Options,
};
use crate::errors::Errors;

impl Options {
    /// `key = 8` or `key = 2..=16`, whole numbers from 1, with its key.
    pub(crate) fn bounds(
        &mut self,
        key: &'static str,
        example: &str,
        errors: &mut Errors,
    ) -> Option<(Ident, (u16, u16))> {
        let option = self.take(key)?;
        let write = format!("`{key}` is a whole number from 1 to 65535, or a range of them: write {example}");
        let Value::Is(tokens) = &option.value else {
            errors.at(&option, write);
            return None;
        };
        match read(tokens.clone()) {
            Some((low, high)) if low <= high => Some((option.key, (low, high))),
            Some((low, high)) => {
                errors.at(tokens, format!("no number is from {low} to {high}: write `{key} = {high}..={low}`"));
                None
            }
            None => {
                errors.at(tokens, write);
                None
            }
        }
    }
}

fn read(tokens: TokenStream) -> Option<(u16, u16)> {
    match syn::parse2(bare(tokens)).ok()? {
        Expr::Range(ExprRange { start: Some(low), limits: RangeLimits::Closed(_), end: Some(high), .. }) => {
            Some((number(&low)?, number(&high)?))
        }
        one => number(&one).map(|number| (number, number)),
    }
}

fn number(expr: &Expr) -> Option<u16> {
    let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = expr else { return None };
    number.base10_parse().ok().filter(|value| *value > 0 && number.suffix().is_empty())
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn numbers_and_closed_ranges_are_read_and_nothing_else() {
        let cases = [
            (quote!(8), Some((8, 8))),
            (quote!(2..=16), Some((2, 16))),
            (quote!(65535), Some((65_535, 65_535))),
            (quote!(16..=2), Some((16, 2))),
            (quote!(0), None),
            (quote!(0..=4), None),
            (quote!(2..16), None),
            (quote!(2..), None),
            (quote!(8u16), None),
            (quote!(65536), None),
            (quote!(-1), None),
            (quote!("8"), None),
        ];
        for (tokens, expected) in cases {
            assert_eq!(read(tokens.clone()), expected, "{tokens}");
        }
    }
}
