//! The command line.

pub(crate) const HELP: &str = "\
cargo run --release --manifest-path benches/Cargo.toml -p runner -- [SUITE] [OPTIONS] [FILTER]

SUITE            local (services in one process), remote (two processes), bars (both; the default),
                 growth (P10), compile (P11, P15), all
FILTER           only work or frameworks whose name contains it, such as P5 or kameo
--rounds N       how often everything is measured, in turn; default 5
--ms N           about how long one measurement takes; default 300
--table          measure nothing: the table of the last measurement
--publish        copy the tables and charts to docs/src/benchmark";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    Local,
    Remote,
    Bars,
    Growth,
    Compile,
    All,
}

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) suite: Suite,
    pub(crate) rounds: usize,
    pub(crate) ms: usize,
    pub(crate) filter: String,
    pub(crate) table_only: bool,
    pub(crate) publish: bool,
}

impl Options {
    pub(crate) fn from_env() -> Result<Self, String> {
        let mut options =
            Self { suite: Suite::Bars, rounds: 5, ms: 300, filter: String::new(), table_only: false, publish: false };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || {
                let value = words.next().and_then(|value| value.parse().ok()).filter(|value| *value > 0);
                value.ok_or_else(|| format!("{word} wants a number of at least 1"))
            };
            match word.as_str() {
                "local" => options.suite = Suite::Local,
                "remote" => options.suite = Suite::Remote,
                "bars" => options.suite = Suite::Bars,
                "growth" => options.suite = Suite::Growth,
                "compile" => options.suite = Suite::Compile,
                "all" => options.suite = Suite::All,
                "--rounds" => options.rounds = number()?,
                "--ms" => options.ms = number()?,
                "--publish" => options.publish = true,
                "--table" => options.table_only = true,
                "--help" | "-h" => {
                    println!("{HELP}");
                    std::process::exit(0)
                }
                _ if word.starts_with('-') => return Err(format!("unknown option {word}\n\n{HELP}")),
                _ => options.filter = word,
            }
        }
        Ok(options)
    }
}
