//! The table that is printed.

use crate::{
    Who,
    load::{Measured, Work},
};

/// Prints a row for each; how many times faster it is than the exclusive one, and than the factory, by the clock on the wall and by CPU time.
pub(crate) fn print(rows: &[(Work, Who)], rounds: &[Vec<Measured>]) {
    println!("{} rounds; per call; a ratio: so many times less than …\n", rounds.len());
    println!(
        "{:<20} {:<30} {:>10} {:>10} {:>17} {:>17}",
        "a handler", "of", "wall, µs", "CPU, µs", "… the exclusive", "… the factory"
    );
    for (place, (work, who)) in rows.iter().enumerate() {
        let median_of =
            |number: &dyn Fn(&[Measured]) -> f64| median(rounds.iter().map(|round| number(round)).collect());
        let beside = |other: Who| {
            let other = rows.iter().position(|row| *row == (*work, other)).expect("each work is everybody's");
            let wall = median_of(&|round| round[other].wall / round[place].wall);
            let cpu = median_of(&|round| round[other].cpu / round[place].cpu);
            format!("{wall:.2} / {cpu:.2}")
        };
        println!(
            "{:<20} {:<30} {:>10.2} {:>10.2} {:>17} {:>17}",
            work.name(),
            who.name(),
            median_of(&|round| round[place].wall) / 1e3,
            median_of(&|round| round[place].cpu) / 1e3,
            beside(Who::Exclusive),
            beside(Who::Factory),
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}
