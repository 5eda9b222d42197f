//! When a timer is due: `#[cron("0 */5 * * * *", tz = "…", gap = "…", overlap = "…")]`, `#[every("10s", missed = "…")]`,
//! `#[tick("50ms", late = "…")]`.

use std::time::Duration;

use syn::{Attribute, Ident, LitStr, Token, ext::IdentExt, parse::ParseStream};

use crate::{
    errors::Errors,
    model::{Calendar, Missed},
    parse::words::{closest, cron as pattern, duration, list},
};

const OPTIONS: &[&str] = &["tz", "gap", "overlap"];

/// What a value is called, and what the runtime's `Gap` or `Overlap` calls it. The first is the default.
type Values = [(&'static str, &'static str)];

const GAPS: &Values = &[("skip", "Skip"), ("after", "After")];
const OVERLAPS: &Values = &[("both", "Both"), ("first", "First"), ("second", "Second")];

type Given = (Ident, LitStr);

pub(super) fn read(attr: &Attribute, errors: &mut Errors) -> Option<Calendar> {
    if cfg!(not(feature = "cron")) {
        errors.at(attr, "`#[cron]` needs the feature `cron` of the crate `ember`: add it in Cargo.toml");
        return None;
    }
    let Ok((text, given)) = attr.parse_args_with(tokens) else {
        errors.at(
            attr,
            "write when: `#[cron(\"0 */5 * * * *\")]`, with `tz = \"Europe/Berlin\"` if it is not UTC, and then \
             `gap = \"…\"` and `overlap = \"…\"` if need be",
        );
        return None;
    };
    let cron = pattern::parse(&text.value()).map_err(|message| errors.at(&text, message));
    let known = check(&given, errors);
    let option = |name: &str| given.iter().find(|(key, _)| key == name);
    let zone = option("tz").map(|(_, zone)| zone.clone());
    let gap = choice(option("gap"), GAPS, errors);
    let overlap = choice(option("overlap"), OVERLAPS, errors);
    known.then_some(Calendar { text, cron: cron.ok()?, zone, gap: gap?, overlap: overlap? })
}

/// The period, and what becomes of ticks that could not come, which `option` says. Not said, it is `unless_said`.
pub(super) fn pace(
    attr: &Attribute,
    (name, option): (&str, &str),
    unless_said: Missed,
    errors: &mut Errors,
) -> Option<(Duration, Missed)> {
    let Ok((text, given)) = attr.parse_args_with(tokens) else {
        errors.at(attr, format!("write how long: `#[{name}(\"10s\")]`"));
        return None;
    };
    let period = duration::parse(&text.value()).map_err(|message| errors.at(&text, message)).ok();
    let mut missed = Some(unless_said);
    for (index, (key, value)) in given.iter().enumerate() {
        let said = if key != option {
            errors.at(key, format!("unknown option `{key}`: there is `{option}`, as in `{option} = \"skip\"`"));
            None
        } else if index > 0 {
            errors.at(key, format!("`{option}` is given twice: keep one"));
            None
        } else {
            let said = policy(&value.value());
            if said.is_none() {
                let text = value.value();
                errors.at(
                    value,
                    format!(
                        "`{option}` cannot be \"{text}\": it is `\"skip\"`, `\"delay\"` or `\"catch_up(3)\"`, with how many are made up for, from 1"
                    ),
                );
            }
            said
        };
        missed = missed.and(said);
    }
    Some((period?, missed?))
}

fn policy(text: &str) -> Option<Missed> {
    match text {
        "skip" => Some(Missed::Skip),
        "delay" => Some(Missed::Delay),
        _ => {
            let most = text.strip_prefix("catch_up(")?.strip_suffix(')')?.trim().parse().ok()?;
            (most > 0).then_some(Missed::CatchUp(most))
        }
    }
}

fn tokens(input: ParseStream<'_>) -> syn::Result<(LitStr, Vec<Given>)> {
    let text = input.parse()?;
    let mut given = Vec::new();
    while !input.is_empty() {
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            break;
        }
        let key = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        given.push((key, input.parse()?));
    }
    Ok((text, given))
}

/// Whether each option is known, stands once, and has something to say.
fn check(given: &[Given], errors: &mut Errors) -> bool {
    let zoned = given.iter().any(|(key, _)| key == "tz");
    let mut good = true;
    for (index, (key, _)) in given.iter().enumerate() {
        let name = key.to_string();
        let message = if !OPTIONS.contains(&&*name) {
            let mean = if name.contains("zone") { Some("tz") } else { closest(&name, OPTIONS) };
            let mean = mean.map(|close| format!("did you mean `{close}`? ")).unwrap_or_default();
            format!("unknown option `{name}`: {mean}the options are {}", list(OPTIONS))
        } else if given[..index].iter().any(|(earlier, _)| earlier == key) {
            format!("`{name}` is given twice: keep one")
        } else if name != "tz" && !zoned {
            format!("UTC has no {name}: add `tz = \"Europe/Berlin\"`, say, or leave `{name}` out")
        } else {
            continue;
        };
        errors.at(key, message);
        good = false;
    }
    good
}

/// The runtime's name of what was chosen.
fn choice(given: Option<&Given>, values: &Values, errors: &mut Errors) -> Option<&'static str> {
    let Some((key, value)) = given else { return Some(values[0].1) };
    let found = values.iter().find(|(name, _)| *name == value.value());
    if found.is_none() {
        let names: Vec<String> = values.iter().map(|(name, _)| format!("`\"{name}\"`")).collect();
        errors.at(
            value,
            format!("`{key}` cannot be \"{}\": it is {}; {} unless said", value.value(), names.join(" or "), names[0]),
        );
    }
    found.map(|(_, variant)| *variant)
}
