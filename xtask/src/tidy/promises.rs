//! The page of promises: each row names a test, and each test that it names is there.

use std::path::Path;

use super::files::File;

const PAGE: &str = "docs/src/promises.md";
const TESTS: &str = "tests/tests/";

/// What is wrong with the page of promises below `root`.
pub(super) fn findings(root: &Path, files: &[File]) -> Vec<String> {
    match std::fs::read_to_string(root.join(PAGE)) {
        Ok(page) => judge(&page, files),
        Err(error) => vec![format!("{PAGE}: {error}")],
    }
}

fn judge(page: &str, files: &[File]) -> Vec<String> {
    let rows = page.lines().enumerate().filter(|(_, line)| is_promise(line));
    let mut found = Vec::new();
    let mut promises = 0;
    for (line, row) in rows.map(|(index, row)| (index + 1, row)) {
        promises += 1;
        let named: Vec<_> = row.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).collect();
        if named.is_empty() {
            found.push(format!("{PAGE}:{line}: a promise without a test: name one as `file::test`"));
        }
        for (file, test) in named.into_iter().filter(|(file, test)| !has(files, file, test)) {
            found.push(format!("{PAGE}:{line}: there is no test `{test}` in {TESTS}{file}.rs"));
        }
    }
    if promises == 0 {
        found.push(format!("{PAGE}: it has no table of promises"));
    }
    found
}

/// A row of a table that is neither its head nor the line below that.
fn is_promise(line: &str) -> bool {
    line.starts_with("| ") && !line.starts_with("| promise |") && !line.starts_with("| --- |")
}

fn has(files: &[File], file: &str, test: &str) -> bool {
    let (alone, folder) = (format!("{TESTS}{file}.rs"), format!("{TESTS}{file}/"));
    let of_file = files.iter().filter(|it| it.path == alone || it.path.starts_with(&folder));
    of_file.into_iter().any(|it| runs(&it.text, test))
}

/// Whether a file has this function, and it is a test that is not left out.
fn runs(text: &str, test: &str) -> bool {
    let function = format!("fn {test}(");
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let Some(place) = lines.iter().position(|line| line.contains(&function) && !line.starts_with("//")) else {
        return false;
    };
    let mut attributes = lines[..place].iter().rev().take_while(|line| line.starts_with("#[")).peekable();
    attributes.peek().is_some()
        && attributes.clone().any(|line| line.contains("test]") || line.contains("test("))
        && !attributes.any(|line| line.starts_with("#[ignore"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_without_a_test_and_a_test_that_is_not_there_are_found() {
        let text = "#[tokio::test(start_paused = true)]\nasync fn it_is_kept() {}\n\nfn it_is_no_test() {}\n\n#[test]\n#[ignore]\nfn it_is_left_out() {}";
        let file = File { path: "tests/tests/calls.rs".into(), text: text.into() };
        let page = |row: &str| format!("| promise | test | |\n| --- | --- | --- |\n{row}\n");
        let files = [file];
        assert_eq!(judge(&page("| A | `calls::it_is_kept` | x |"), &files), [""; 0]);
        assert!(judge(&page("| A | none | x |"), &files)[0].contains(":3: a promise without a test"));
        for none in ["it_is", "it_is_no_test", "it_is_left_out"] {
            let said = judge(&page(&format!("| A | `calls::{none}` | x |")), &files);
            assert!(said[0].contains(&format!("no test `{none}`")), "{said:?}");
        }
        assert!(judge("no table", &files)[0].contains("no table"));
    }
}
