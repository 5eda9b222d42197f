//! What commits in a method that is marked `read`, and could only panic there.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Block, PatIdent,
    visit::{self, Visit},
};

/// What a context commits by.
const COMMITS: [&str; 3] = ["commit", "commit_all", "commit_and_send"];

/// The names of the functions that `body` commits by on the context `cx`, also within macros. None if something else in it is called
/// `cx` too: then there is no telling which of the two it is.
pub(super) fn commits(body: &Block, cx: &Ident) -> Vec<Ident> {
    let mut found = Vec::new();
    if !is_bound_again(body, cx) {
        search(body.to_token_stream(), cx, &mut found);
    }
    found
}

fn is_bound_again(body: &Block, cx: &Ident) -> bool {
    struct Search<'a>(&'a Ident, bool);

    impl<'ast> Visit<'ast> for Search<'_> {
        fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
            self.1 |= pat.ident == *self.0;
            visit::visit_pat_ident(self, pat);
        }
    }

    let mut search = Search(cx, false);
    search.visit_block(body);
    search.1
}

/// `cx.commit(` or `cx.commit::<…>(`, if it is no field of something else.
fn search(tokens: TokenStream, cx: &Ident, found: &mut Vec<Ident>) {
    let is_dot = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(dot)) if dot.as_char() == '.');
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => search(group.stream(), cx, found),
            TokenTree::Ident(ident) if ident == cx && is_dot(tokens.get(index + 1)) => {
                let before = index.checked_sub(1).and_then(|before| tokens.get(before));
                if let Some(TokenTree::Ident(function)) = tokens.get(index + 2)
                    && (!is_dot(before) || is_range(&tokens[..index]))
                    && COMMITS.iter().any(|name| function == name)
                {
                    found.push(function.clone());
                }
            }
            _ => {}
        }
    }
}

/// Whether the dot at the end is the second of `..`.
fn is_range(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [.., TokenTree::Punct(first), TokenTree::Punct(_)] if first.as_char() == '.')
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn found(body: TokenStream) -> Vec<String> {
        let body = syn::parse2(quote!({ #body })).unwrap();
        commits(&body, &syn::parse_quote!(cx)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn commits_are_found_in_closures_loops_and_macros() {
        assert_eq!(found(quote!(if x { cx.commit(Entry::Paid) } else { 0 })), ["commit"]);
        assert_eq!(
            found(quote!(assert_eq!(cx.commit::<Ledger>(1), 1); loop { let _ = || cx.commit_all([]); })),
            ["commit", "commit_all"]
        );
        assert_eq!(
            found(quote!(for _ in 0..cx.commit(1) {} cx . commit_and_send(1, call))),
            ["commit", "commit_and_send"]
        );
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        assert_eq!(found(quote!(cx.state(); self.cx.commit(1); db.commit(); "cx.commit(1)"; cx.committed())), [""; 0]);
        assert_eq!(found(quote!(let cx = self.db.begin(); cx.commit())), [""; 0]);
        assert_eq!(found(quote!(self.all.iter().map(|cx| cx.commit()))), [""; 0]);
    }
}
