//! The pages of the guide, and what is in them.

use std::{fs, path::PathBuf};

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/src")
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("docs/src/{name}: {error}"))
}

pub(crate) fn pages() -> Vec<(String, String)> {
    let files = fs::read_dir(folder()).expect("the guide is in docs/src");
    let names = files.map(|file| file.expect("the folder can be read").file_name().to_string_lossy().into_owned());
    // Beside the pages there are pictures and measurements.
    let names = names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md");
    let mut pages: Vec<_> = names.map(|name| (name.clone(), read(&name))).collect();
    pages.sort();
    assert!(pages.len() > 10, "the guide has pages: {pages:?}");
    pages
}

/// The words after the opening fences of a page: `rust,no_run`, `text`, …
pub(crate) fn languages(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("```")).step_by(2).collect()
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A fenced block: the words after its opening fence, and its lines.
pub(crate) struct Block<'a> {
    pub(crate) info: &'a str,
    pub(crate) lines: Vec<&'a str>,
}

impl<'a> Block<'a> {
    pub(crate) fn language(&self) -> &'a str {
        self.info.split([',', ' ']).next().unwrap_or_default()
    }
}

/// A page in two: what is fenced, and the lines between.
pub(crate) fn split(page: &str) -> (Vec<Block<'_>>, Vec<&str>) {
    let (mut blocks, mut prose, mut open) = (Vec::new(), Vec::new(), None::<Block<'_>>);
    for line in page.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(info), None) => open = Some(Block { info, lines: Vec::new() }),
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(mut block)) => {
                block.lines.push(line);
                open = Some(block);
            }
            (None, None) => prose.push(line),
        }
    }
    assert!(open.is_none(), "a block is not closed");
    (blocks, prose)
}

/// What stands between backticks in a line of prose: two of them, where the code has one itself.
pub(crate) fn spans(line: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), line);
    while let Some(start) = rest.find('`') {
        let opened = &rest[start..];
        let ticks = opened.len() - opened.trim_start_matches('`').len();
        let Some(end) = opened[ticks..].find(&opened[..ticks]) else { break };
        found.push(opened[ticks..ticks + end].trim());
        rest = &opened[ticks + end + ticks..];
    }
    found
}
