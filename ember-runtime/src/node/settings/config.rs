//! Services as a configuration lists them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// One entry of a configuration: which service, and how many.
///
/// As JSON: `{"class": "player", "id": "42", "tags": {"zone": "${ZONE:-eu}"}, "count": 4}`. Only `class` is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServiceConfig {
    /// The name of the service, as in `#[service(name = "…")]`; the struct's by default. The service must have `Default`.
    pub class: String,
    /// The id; with `count` above 1, the instances are called `id-1`, `id-2`, …. Random by default.
    #[serde(default)]
    pub id: Option<String>,
    /// The kind, in place of that of the class.
    #[serde(default)]
    pub kind: Option<String>,
    /// The version, in place of that of the class.
    #[serde(default)]
    pub version: Option<String>,
    /// Tags, for selection.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// How many user messages may wait in the mailbox of each; 1024 by default.
    #[serde(default)]
    pub mailbox: Option<usize>,
    /// How many instances; 1 by default. 0 is allowed: none. 65,536 at most.
    #[serde(default = "one")]
    pub count: u32,
}

fn one() -> u32 {
    1
}

impl ServiceConfig {
    /// One instance of the service with this name.
    pub fn new(class: impl Into<String>) -> Self {
        Self {
            class: class.into(),
            id: None,
            kind: None,
            version: None,
            tags: BTreeMap::new(),
            mailbox: None,
            count: 1,
        }
    }

    /// Reads a list of entries. `${NAME}` stands for an environment variable, `${NAME:-text}` for `text` where there is none;
    /// both also stand for numbers (`"count": ${PLAYERS:-4}`). `$${` is a plain `${`.
    ///
    /// # Errors
    /// A variable that is not set and has no default; text that is no such list, with line and column.
    pub fn list_from_json(json: &str) -> Result<Vec<Self>> {
        read(json, |name| std::env::var(name).ok())
    }
}

fn read(json: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Vec<ServiceConfig>> {
    let json = substitute(json, variable)?;
    serde_json::from_str(&json)
        .map_err(|error| Error::Configuration(format!("the services could not be read: {error}")))
}

/// Puts in the values of variables, escaped as in a JSON text.
fn substitute(json: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String> {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find("${") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        if let Some(plain) = before.strip_suffix('$') {
            out.push_str(plain);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let wrong = || {
            let line = after.lines().next().unwrap_or_default();
            Error::Configuration(format!(
                "`${{{line}` names no environment variable: write `${{NAME}}` or `${{NAME:-a default}}`"
            ))
        };
        let end = after.find('}').ok_or_else(wrong)?;
        let (name, otherwise) = match after[..end].split_once(":-") {
            Some((name, otherwise)) => (name, Some(otherwise)),
            None => (&after[..end], None),
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(wrong());
        }
        match (variable(name), otherwise) {
            (Some(value), _) => {
                let quoted = serde_json::Value::String(value).to_string();
                out.push_str(&quoted[1..quoted.len() - 1]);
            }
            (None, Some(otherwise)) => out.push_str(otherwise),
            (None, None) => {
                return Err(Error::Configuration(format!(
                    "the environment variable `{name}` is not set: set it, or write `${{{name}:-a default}}`"
                )));
            }
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        match name {
            "ZONE" => Some("the \"east\"".into()),
            "COUNT" => Some("3".into()),
            _ => None,
        }
    }

    #[test]
    fn variables_stand_for_texts_and_numbers() {
        let json = r#"[{"class": "player", "tags": {"zone": "${ZONE}", "price": "$${x}"}, "count": ${COUNT}},
                       {"class": "${NONE:-bank}"}]"#;
        let list = read(json, variable).unwrap();
        assert_eq!((&*list[0].tags["zone"], &*list[0].tags["price"], list[0].count), ("the \"east\"", "${x}", 3));
        assert_eq!(list[1], ServiceConfig::new("bank"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, part) in [
            (r#"[{"class": "${NONE}"}]"#, "`NONE` is not set"),
            (r#"[{"class": "${NONE"}]"#, "names no environment variable"),
            (r#"[{"class": "${NONE", "#, "names no environment variable"),
            (r#"[{"class": "bank", "tag": {}}]"#, "unknown field `tag`"),
            (r#"{"class": "bank"}"#, "line 1"),
        ] {
            let error = read(json, variable).unwrap_err().to_string();
            assert!(error.contains(part), "{json}: {error}");
        }
    }
}
