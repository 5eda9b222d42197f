//! What others are given that look at a node: rules for Prometheus, and a dashboard for Grafana.

use super::settings::Telemetry;

impl Telemetry {
    /// Rules for Prometheus that warn of what Ember's nodes show, as YAML: a file for `rule_files`. The guide says of each what is behind it, how to look, and
    /// what to do.
    ///
    /// ```no_run
    /// # use ember_runtime::telemetry::Telemetry;
    /// std::fs::write("ember-alerts.yml", Telemetry::ALERT_RULES)?;
    /// # std::io::Result::Ok(())
    /// ```
    pub const ALERT_RULES: &str = include_str!("alerts.yml");

    /// A dashboard for Grafana, as JSON: it is imported, and asks for its source, which is Prometheus.
    pub const GRAFANA: &str = include_str!("grafana.json");
}
