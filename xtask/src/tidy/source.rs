//! Just enough of Rust's lexing to look at code without its comments, its literals and its tests.

/// The text with comments, strings and characters blanked out. Lines and columns stay where they are.
pub(crate) fn code(text: &str) -> String {
    let mut out: Vec<u8> = text.bytes().collect();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => find(bytes, at, b"\n").unwrap_or(bytes.len()),
            b'/' if bytes[at..].starts_with(b"/*") => block_comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' | b'b' | b'c' if !at.checked_sub(1).is_some_and(|before| is_name(bytes[before])) => {
                match raw_string_end(bytes, at) {
                    Some(end) => end,
                    None => {
                        at += 1;
                        continue;
                    }
                }
            }
            b'\'' => char_end(bytes, at),
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(out).expect("whole characters were blanked")
}

/// Splits code (see [`code`]) into what is compiled always and what is compiled for tests only; each keeps its lines.
pub(crate) fn split_tests(code: &str) -> (String, String) {
    const MARK: &str = "#[cfg(test)]";
    let (mut always, mut tests) = (code.as_bytes().to_vec(), blank(code));
    let mut from = 0;
    while let Some(start) = code[from..].find(MARK).map(|found| from + found) {
        let end = item_end(code.as_bytes(), start + MARK.len());
        for at in start..end {
            if always[at] != b'\n' {
                (always[at], tests[at]) = (b' ', always[at]);
            }
        }
        from = end;
    }
    let text = |bytes| String::from_utf8(bytes).expect("items end between characters");
    (text(always), text(tests))
}

fn blank(code: &str) -> Vec<u8> {
    code.bytes().map(|byte| if byte == b'\n' { b'\n' } else { b' ' }).collect()
}

/// An item ends at its closing brace, or at the first `;` outside all brackets.
fn item_end(code: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.iter().enumerate().skip(from) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && *byte == b'}' {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

pub(crate) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes[from..].windows(what.len()).position(|window| window == what).map(|found| from + found)
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if bytes[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `br#"…"#` and their like; `None` for anything else, such as a name or `b"…"`, whose quote is met next.
fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while matches!(bytes.get(at), Some(b'b' | b'c')) {
        at += 1;
    }
    if bytes.get(at) != Some(&b'r') {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    let open = at + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let close = [&b"\""[..], &vec![b'#'; hashes]].concat();
    Some(find(bytes, open + 1, &close).map_or(bytes.len(), |found| found + close.len()))
}

/// A character literal; of a lifetime, its quote only.
fn char_end(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start + 1) == Some(&b'\\') {
        return find(bytes, start + 3, b"'").map_or(bytes.len(), |found| found + 1);
    }
    let width = match bytes.get(start + 1) {
        Some(byte) if *byte >= 0xF0 => 4,
        Some(byte) if *byte >= 0xE0 => 3,
        Some(byte) if *byte >= 0xC0 => 2,
        _ => 1,
    };
    if bytes.get(start + 1 + width) == Some(&b'\'') { start + 2 + width } else { start + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        let text = r##"a // sleep(
            b /* sleep( /* { */ */ "sleep( \" {" r#"sleep( " {"# '{' '\'' b"x" 'static c"##;
        let code = code(text);
        assert_eq!(code.len(), text.len());
        assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "b", "b", "static", "c"]);
    }

    #[test]
    fn test_items_are_told_from_the_rest() {
        let text =
            "use a;\n#[cfg(test)]\nuse b;\nfn c() {}\n#[cfg(test)]\nmod tests {\n    fn d() { [1; 2] }\n}\nfn e() {}\n";
        let (always, tests) = split_tests(text);
        assert_eq!(always.split_whitespace().collect::<String>(), "usea;fnc(){}fne(){}");
        assert!(tests.contains("use b;") && tests.contains("fn d()") && !tests.contains("fn e()"));
        assert_eq!(always.lines().count(), text.lines().count());
    }
}
