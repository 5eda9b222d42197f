//! What a page shows of a file of this repository is in that file, line by line: a block ```` ```text from=PATH ````, in which a line
//! `…` stands for what is left out.

use std::fs;

use super::pages::{pages, root, split};

/// Without what all lines are indented by.
fn flush<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let least = lines.iter().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    lines.iter().map(|line| line.get(least..).unwrap_or_default().trim_end()).collect()
}

/// Whether the lines stand in the file, one after the other, perhaps further to the right.
fn contains(file: &[&str], piece: &[&str]) -> bool {
    let piece = flush(piece);
    file.windows(piece.len()).any(|window| flush(window) == piece)
}

#[test]
fn what_is_shown_of_a_file_is_in_it() {
    let mut found = 0;
    for (name, text) in pages() {
        for block in split(&text).0 {
            let Some((_, path)) = block.info.split_once("from=") else { continue };
            let file = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{name}: {path}: {error}"));
            let file: Vec<_> = file.lines().collect();
            for piece in block.lines.split(|line| line.trim() == "…") {
                found += 1;
                assert!(contains(&file, piece), "docs/src/{name} shows what is not in {path}:\n{}", piece.join("\n"));
            }
        }
    }
    assert!(found > 0, "`axum.md` shows parts of an example");
}

#[test]
fn no_rust_is_shown_as_text_that_nobody_checks() {
    for (name, text) in pages() {
        let blocks = split(&text).0;
        for block in blocks.iter().filter(|block| block.info == "text") {
            let rust = block.lines.iter().find(|line| line.trim_end().ends_with([';', '{', '}']));
            let rust = rust.filter(|line| line.contains(['(', ')', ';']));
            assert!(rust.is_none(), "docs/src/{name} shows {rust:?} as text: ```rust, or ```text from=PATH");
        }
    }
}
