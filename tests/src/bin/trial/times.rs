//! How often what was done: ids are `prefix.number`, and there are millions of them.

use std::{collections::HashMap, path::Path};

/// Counts by id.
#[derive(Debug, Default)]
pub(crate) struct Times(HashMap<String, Vec<u8>>);

impl Times {
    /// Once more.
    pub(crate) fn add(&mut self, id: &str) {
        let Some((prefix, number)) = split(id) else { return };
        let times = match self.0.get_mut(prefix) {
            Some(times) => times,
            None => self.0.entry(prefix.to_owned()).or_default(),
        };
        if times.len() <= number {
            times.resize(number + 1, 0);
        }
        times[number] = times[number].saturating_add(1);
    }

    /// How often.
    pub(crate) fn of(&self, prefix: &str, number: usize) -> u8 {
        self.0.get(prefix).and_then(|times| times.get(number)).copied().unwrap_or(0)
    }

    /// The ids that were done more than once; the first few.
    pub(crate) fn repeated(&self) -> Vec<String> {
        let all = self.0.iter().flat_map(|(prefix, times)| {
            let twice = times.iter().enumerate().filter(|(_, times)| **times > 1);
            twice.map(move |(number, times)| format!("{prefix}.{number}: {times} times"))
        });
        all.take(5).collect()
    }

    /// Adds what the lines of all files in `folder` with this ending say: each is what `id` makes of it.
    ///
    /// # Panics
    /// If they cannot be read.
    pub(crate) fn read(&mut self, folder: &Path, ending: &str) {
        for file in std::fs::read_dir(folder).expect("the folder of the records") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|it| it == ending) {
                std::fs::read_to_string(path).expect("a record").lines().for_each(|line| self.add(line));
            }
        }
    }
}

fn split(id: &str) -> Option<(&str, usize)> {
    let (prefix, number) = id.rsplit_once('.')?;
    Some((prefix, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_again_is_named() {
        let mut times = Times::default();
        ["a.0", "a.7", "b.c.0", "a.7", "no number"].iter().for_each(|id| times.add(id));
        assert_eq!([times.of("a", 0), times.of("a", 1), times.of("a", 7), times.of("b.c", 0)], [1, 0, 2, 1]);
        assert_eq!(times.repeated(), ["a.7: 2 times"]);
    }
}
