//! What the test runners say at their end.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Summary {
    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …`, the last line of each runner.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let counts = line.trim().strip_prefix("test result: ")?.split_once(". ")?.1;
        let mut summary = Self::default();
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else { continue };
            let field = match what {
                "passed" => &mut summary.passed,
                "failed" => &mut summary.failed,
                "ignored" => &mut summary.ignored,
                _ => continue,
            };
            *field = number.parse().ok()?;
        }
        Some(summary)
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_line_of_a_runner_is_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s";
        assert_eq!(Summary::read(line), Some(Summary { passed: 12, failed: 3, ignored: 1 }));
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(Summary::read("test rng::tests::same_seed ... ok"), None);
        assert_eq!(Summary::read("running 3 tests"), None);
    }

    #[test]
    fn summaries_add_up() {
        let mut sum = Summary { passed: 1, failed: 2, ignored: 3 };
        sum += Summary { passed: 10, failed: 20, ignored: 30 };
        assert_eq!(sum.to_string(), "11 passed, 22 failed");
    }
}
