//! The guide as a book: each page is in it, its code is compiled, and it is short enough to be read.

use super::pages::{folder, languages, pages, read};

#[test]
fn every_page_is_in_the_book_and_every_link_leads_somewhere() {
    let summary = read("SUMMARY.md");
    let pages = pages();
    for (name, _) in &pages {
        assert!(summary.contains(&format!("({name})")), "docs/src/SUMMARY.md does not name {name}");
    }
    for (name, text) in pages.iter().chain([&("SUMMARY.md".into(), summary)]) {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let elsewhere = link.starts_with("http") || link.is_empty();
            assert!(elsewhere || folder().join(link).is_file(), "docs/src/{name} links to {link}, which is not there");
        }
    }
}

#[test]
fn every_page_with_rust_is_a_doctest() {
    let compiled = include_str!("../../src/guide.rs");
    for (name, text) in pages() {
        let rust = languages(&text).iter().any(|language| language.starts_with("rust"));
        assert!(!rust || compiled.contains(&format!("\"{name}\"")), "ember/src/guide.rs does not compile {name}");
    }
}

#[test]
fn every_block_says_what_it_is_and_none_is_left_out() {
    for (name, text) in pages() {
        for language in languages(&text) {
            let known =
                ["rust", "rust,no_run", "rust,standalone_crate", "rust,compile_fail", "text", "toml", "sh", "json"];
            let known = known.contains(&language)
                || language.starts_with("text from=")
                || language.starts_with("rust,compile_fail,E");
            assert!(known, "docs/src/{name}: a block is ```{language}, which nobody checks");
        }
    }
}

#[test]
fn pages_are_short() {
    for (name, text) in pages() {
        // Lines that mdBook hides are not read.
        let lines =
            text.lines().filter(|line| !line.starts_with("# ") || !line.contains(['{', '}', ';', '(', '['])).count();
        assert!(lines <= 150, "docs/src/{name} has {lines} lines: split it");
    }
}
