//! One command, one table: see `benches/README.md`.

mod bars;
mod chart;
mod machine;
mod measure;
mod options;
mod peers;
mod results;
mod statistics;
mod table;
mod work;

use std::process::ExitCode;

use options::{Options, Suite};
use results::Results;
use work::Side;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            eprintln!("error: {said}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let options = Options::from_env()?;
    let sides: &[Side] = match options.suite {
        Suite::Local => &[Side::Local],
        Suite::Remote => &[Side::Remote],
        Suite::All => &[Side::Local, Side::Remote],
    };
    let results = if options.table_only { Results::load()? } else { measure::all(sides, &options)? };
    let text = table::markdown(&results, sides, &options);
    println!("{text}");
    results::write("table.md", &text)?;
    results::write("chart.svg", &chart::svg(&results))?;
    eprintln!("written: {}", results::folder().display());
    Ok(())
}
