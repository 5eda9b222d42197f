//! One command, one table: see `benches/README.md`.

mod bars;
mod cargo;
mod chart;
mod compile;
mod growth;
mod growth_chart;
mod machine;
mod measure;
mod options;
mod peers;
mod plan;
mod results;
mod statistics;
mod svg;
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
        Suite::Bars | Suite::All => &[Side::Local, Side::Remote],
        Suite::Growth | Suite::Compile => &[],
    };
    if !sides.is_empty() {
        bars(sides, &options)?;
    }
    if matches!(options.suite, Suite::Growth | Suite::All) {
        growth(&options)?;
    }
    if matches!(options.suite, Suite::Compile | Suite::All) {
        let text = compile::report(&options)?;
        println!("{text}");
        results::write("compile.md", &text)?;
    }
    if options.publish {
        results::publish()?;
    }
    eprintln!("written: {}", results::folder().display());
    Ok(())
}

/// P1 to P9.
fn bars(sides: &[Side], options: &Options) -> Result<(), String> {
    let results = if options.table_only {
        Results::load("runs.json")?
    } else {
        measure::all(&plan::bars(sides, options), options, "runs.json", true)?
    };
    let text = table::markdown(&results, sides);
    println!("{text}");
    results::write("table.md", &text)?;
    results::write("chart.svg", &chart::svg(&results))
}

/// P10.
fn growth(options: &Options) -> Result<(), String> {
    let curves = growth::curves();
    let results = if options.table_only {
        Results::load("growth.json")?
    } else {
        measure::all(&plan::growth(&curves, options), options, "growth.json", false)?
    };
    let text = growth::markdown(&results, &curves);
    println!("{text}");
    results::write("growth.md", &text)?;
    results::write("growth.svg", &growth_chart::svg(&results, &curves))
}
