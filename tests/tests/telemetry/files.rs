//! The rules and the dashboard ask for what nodes show, and each rule has a page.

use std::collections::BTreeSet;

use ember::{prelude::*, registry::InProcess, telemetry::Telemetry};

use crate::{Bank, BankClient, openmetrics::Figures};

/// All names of figures in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = text.split(|c: char| !part(c));
    words.filter(|word| word.starts_with("ember_") || word.starts_with("process_")).collect()
}

#[tokio::test]
async fn each_figure_that_rules_and_dashboard_ask_for_is_there() {
    let builder = Node::builder().registry(InProcess::default()).telemetry(Telemetry::default());
    let node = builder.service(Bank).start().await.unwrap();
    let bank = node.client::<BankClient>();
    bank.rpc_pay(1).await.unwrap();
    assert!(bank.rpc_pay(1).timeout(std::time::Duration::ZERO).await.is_err());
    let figures = Figures::read(&node.metrics());
    let asked: BTreeSet<_> = names(Telemetry::ALERT_RULES).into_iter().chain(names(Telemetry::GRAFANA)).collect();
    assert!(asked.len() > 15, "{asked:?}");
    let missing: Vec<_> = asked.into_iter().filter(|name| !figures.has(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    node.shutdown().await.unwrap();
}

#[test]
fn each_rule_has_a_section_with_its_cause_how_to_look_and_what_to_do() {
    let page = include_str!("../../../docs/src/alerts.md");
    let rules: Vec<_> =
        Telemetry::ALERT_RULES.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(rules.len() > 5, "{rules:?}");
    for rule in rules {
        assert!(Telemetry::ALERT_RULES.contains(&format!("runbook: alerts.md#{}", rule.to_lowercase())), "{rule}");
        let section = page.split("\n## ").find(|section| section.starts_with(&format!("{rule}\n")));
        let section = section.unwrap_or_else(|| panic!("docs/src/alerts.md has no section {rule}"));
        for part in ["**Cause.**", "**Check.**", "**Remedy.**"] {
            assert!(section.contains(part), "{rule}: {part}");
        }
    }
}

#[test]
fn the_dashboard_is_json_and_its_panels_have_their_places() {
    let read: ember::serde_json::Value = ember::serde_json::from_str(Telemetry::GRAFANA).unwrap();
    let panels = read["panels"].as_array().unwrap();
    let places: BTreeSet<_> = panels.iter().map(|panel| panel["gridPos"].to_string()).collect();
    assert!(places.len() == panels.len() && panels.len() > 5);
}
