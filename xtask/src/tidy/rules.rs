//! The rules. A finding starts with `path:line:` and says what to do.

use super::files::File;
use super::{rooms, source};

/// Beyond this a file holds more than one idea.
const MAX_LINES: usize = 400;

/// Every finding of every rule in one file.
pub(crate) fn all(file: &File) -> Vec<String> {
    if file.generated() {
        return Vec::new();
    }
    let code = source::code(&file.text);
    let (always, tests) = source::split_tests(&code);
    let mut found = Vec::new();
    found.extend(folder_says_what_it_holds(file));
    found.extend(one_idea(file));
    found.extend(is_merged(file));
    found.extend(rooms_point_one_way(file, &always));
    found.extend(log_has_a_target(file, &always));
    found.extend(no_sleep_in_tests(file, if file.test_only() { &code } else { &tests }));
    found.into_iter().map(|(line, what)| format!("{}:{line}: {what}", file.path)).collect()
}

type Finding = (usize, String);

fn folder_says_what_it_holds(file: &File) -> Option<Finding> {
    let silent = file.path.ends_with("/mod.rs") && !file.text.starts_with("//!");
    silent.then(|| (1, "start with `//!` and say what lives in this folder, and what may not".into()))
}

fn one_idea(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    let long = file.in_src().is_some() && lines > MAX_LINES;
    long.then(|| (lines, format!("{lines} lines; split it: a file of more than {MAX_LINES} holds more than one idea")))
}

/// A string over several lines hides them from the compiler.
fn is_merged(file: &File) -> Option<Finding> {
    let marks = ["<".repeat(7), ">".repeat(7)];
    let line = file.text.lines().position(|line| marks.iter().any(|mark| line.starts_with(mark)))?;
    Some((line + 1, "a merge was left half done here: take one side, or both, and delete the mark".into()))
}

fn rooms_point_one_way(file: &File, always: &str) -> Vec<Finding> {
    match file.path.strip_prefix("ember-runtime/src/") {
        Some(inside) if !file.test_only() => rooms::findings(inside, always),
        _ => Vec::new(),
    }
}

/// Users filter by `ember::…`: the path of a module, which is what the target is otherwise, is nobody's business.
fn log_has_a_target(file: &File, always: &str) -> Vec<Finding> {
    if !file.path.starts_with("ember-runtime/src/") || file.test_only() {
        return Vec::new();
    }
    let events = ["error", "warn", "info", "debug", "trace"].map(|level| format!("tracing::{level}!("));
    let lines: Vec<&str> = always.lines().collect();
    let silent = |index: usize| {
        let begun = events.iter().any(|event| lines[index].contains(event.as_str()));
        begun && !lines[index..].iter().take(2).any(|line| line.contains("target:"))
    };
    let advice = "say whose log line it is: `target: \"ember::…\"`, one of those in the guide";
    (0..lines.len()).filter(|index| silent(*index)).map(|index| (index + 1, advice.into())).collect()
}

/// `// tidy: sleep: REASON` on the line or the one before lets a sleep stand: a handler that is slow on purpose, say.
/// `// tidy: virtual time` in the head of a file says that its clock is paused or simulated: sleeping there waits for nothing.
fn no_sleep_in_tests(file: &File, tests: &str) -> Vec<Finding> {
    if file.text.lines().take(8).any(|line| line == "// tidy: virtual time") {
        return Vec::new();
    }
    let lines: Vec<&str> = file.text.lines().collect();
    let excused = |index: usize| {
        lines[index.saturating_sub(1)..=index]
            .iter()
            .any(|line| line.split_once("// tidy: sleep:").is_some_and(|(_, reason)| !reason.trim().is_empty()))
    };
    let sleeps = tests.lines().enumerate().filter(|(index, line)| calls_sleep(line) && !excused(*index));
    let advice = "a test waits for facts, not for time: await an event, or pause the clock; \
                  where the sleep is what is tested, say `// tidy: sleep: REASON`";
    sleeps.map(|(index, _)| (index + 1, advice.into())).collect()
}

fn calls_sleep(line: &str) -> bool {
    line.match_indices("sleep(").any(|(at, _)| !line[..at].bytes().next_back().is_some_and(source::is_name))
        || line.contains("sleep_until(")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        all(&File { path: path.into(), text: text.into() })
    }

    #[test]
    fn silent_folder_is_found() {
        assert_eq!(findings("ember/src/a/mod.rs", "mod b;\n").len(), 1);
        assert!(findings("ember/src/a/mod.rs", "//! Holds b.\nmod b;\n").is_empty());
    }

    #[test]
    fn long_file_is_found() {
        assert_eq!(findings("ember/src/a.rs", &"\n".repeat(401)).len(), 1);
        assert!(findings("ember/src/a.rs", &"\n".repeat(400)).is_empty());
        assert!(findings("ember-runtime/src/transport/generated/a.rs", &"\n".repeat(401)).is_empty());
    }

    #[test]
    fn half_a_merge_is_found() {
        let text = format!("const HELP: &str = \"\\\na\n{} HEAD\nb\";\n", "<".repeat(7));
        assert_eq!(findings("xtask/src/a.rs", &text).len(), 1);
        assert!(findings("xtask/src/a.rs", "const HELP: &str = \"a < b\";\n").is_empty());
    }

    #[test]
    fn sleep_is_found_in_tests_only() {
        let text = "fn a() { sleep(b) }\n#[cfg(test)]\nmod tests { fn c() { tokio::time::sleep(d) } }\n";
        assert_eq!(findings("ember/src/a.rs", text).len(), 1);
        assert_eq!(findings("tests/tests/a.rs", "fn a() { sleep(b); }").len(), 1);
        assert_eq!(findings("ember/tests/a.rs", "fn a() { sleep(b); }").len(), 1);
    }

    #[test]
    fn excused_sleep_stands() {
        assert!(findings("tests/tests/a.rs", "// tidy: sleep: the handler is slow\nsleep(b);").is_empty());
        assert_eq!(findings("tests/tests/a.rs", "// tidy: sleep:\nsleep(b);").len(), 1);
        assert!(
            findings("tests/tests/a.rs", "//! On the paused clock.\n// tidy: virtual time\n\nsleep(b);").is_empty()
        );
    }

    #[test]
    fn log_line_without_a_target_is_found() {
        let findings = |text: &str| findings("ember-runtime/src/net/os.rs", text).len();
        assert_eq!(findings("fn a() { tracing::warn!(%error, \"b\"); }"), 1);
        assert_eq!(findings("fn a() { tracing::warn!(target: \"ember::link\", \"b\"); }"), 0);
        assert_eq!(findings("fn a() {\n    tracing::warn!(\n        target: \"ember::link\",\n    );\n}"), 0);
    }

    #[test]
    fn rooms_apply_to_the_runtime_only() {
        assert_eq!(findings("ember-runtime/src/net/os.rs", "use crate::node::Node;").len(), 1);
        assert!(findings("ember-runtime/src/lib.rs", "use crate::node::Node;").is_empty());
        assert!(findings("ember-runtime/src/net/os.rs", "#[cfg(test)]\nuse crate::node::Node;").is_empty());
        assert!(findings("ember-macros/src/net/os.rs", "use crate::node::Node;").is_empty());
    }
}
