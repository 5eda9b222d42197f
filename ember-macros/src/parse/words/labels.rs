//! What serde calls fields and variants where they have names, such as in JSON.

use syn::Attribute;

use super::serde::word;

/// How all fields, or all variants, are called: `rename_all = "camelCase"`.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Rule {
    /// What `option` says; nothing that serde does not know, which it complains of itself.
    pub(crate) fn of(attrs: &[Attribute], option: &str) -> Option<Self> {
        Some(match &*word(attrs, option)? {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => return None,
        })
    }

    /// Serde takes it for granted that a field is written in `snake_case`.
    fn field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => name.split('_').map(capital).collect(),
            Self::Camel => small(&name.split('_').map(capital).collect::<String>()),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// And a variant in `PascalCase`.
    fn variant(self, name: &str) -> String {
        let snake = || {
            let mut snake = String::new();
            for (index, letter) in name.char_indices() {
                if index > 0 && letter.is_uppercase() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            snake
        };
        match self {
            Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => small(name),
            Self::Snake => snake(),
            Self::ScreamingSnake => snake().to_ascii_uppercase(),
            Self::Kebab => snake().replace('_', "-"),
            Self::ScreamingKebab => snake().to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn changed_first(name: &str, change: fn(&mut str)) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.chars().next() {
        change(&mut name[..first.len_utf8()]);
    }
    name
}

fn capital(name: &str) -> String {
    changed_first(name, str::make_ascii_uppercase)
}

fn small(name: &str) -> String {
    changed_first(name, str::make_ascii_lowercase)
}

/// What a field is called, if that is not its name.
pub(crate) fn of_field(attrs: &[Attribute], name: &str, all: Option<Rule>) -> String {
    other(name, word(attrs, "rename").or_else(|| all.map(|rule| rule.field(name))))
}

/// What a variant is called, if that is not its name.
pub(crate) fn of_variant(attrs: &[Attribute], name: &str, all: Option<Rule>) -> String {
    other(name, word(attrs, "rename").or_else(|| all.map(|rule| rule.variant(name))))
}

fn other(name: &str, label: Option<String>) -> String {
    label.filter(|label| label != name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn fields_and_variants_are_called_as_serde_calls_them() {
        let rules = [
            ("lowercase", "first_name", "veryold"),
            ("UPPERCASE", "FIRST_NAME", "VERYOLD"),
            ("PascalCase", "FirstName", "VeryOld"),
            ("camelCase", "firstName", "veryOld"),
            ("snake_case", "first_name", "very_old"),
            ("SCREAMING_SNAKE_CASE", "FIRST_NAME", "VERY_OLD"),
            ("kebab-case", "first-name", "very-old"),
            ("SCREAMING-KEBAB-CASE", "FIRST-NAME", "VERY-OLD"),
        ];
        for (rule, field, variant) in rules {
            let rule = Rule::of(&[parse_quote!(#[serde(rename_all = #rule)])], "rename_all");
            let (this, that) = (of_field(&[], "first_name", rule), of_variant(&[], "VeryOld", rule));
            let or = |label: String, name: &str| if label.is_empty() { name.to_owned() } else { label };
            assert_eq!((&*or(this, "first_name"), &*or(that, "VeryOld")), (field, variant));
        }
        let renamed = [parse_quote!(#[serde(default, rename = "type")])];
        assert_eq!(of_field(&renamed, "kind", Some(Rule::Upper)), "type");
        assert_eq!(of_field(&renamed, "type", None), "", "it is called by its name");
    }
}
