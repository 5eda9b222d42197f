//! What was measured, and the folder where it is kept.

use std::{
    fs,
    path::{Path, PathBuf},
};

use harness::Run;
use serde::{Deserialize, Serialize};

use crate::{
    peers::{FRAMEWORKS, Framework, Role},
    statistics::median,
    work::{Metric, Work},
};

/// One run of one framework.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) work: String,
    pub(crate) framework: String,
    pub(crate) round: usize,
    pub(crate) run: Run,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: Vec<String>,
    pub(crate) entries: Vec<Entry>,
    /// Runs that gave no result.
    pub(crate) failures: Vec<String>,
}

/// The folder `benches`.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the runner is a member of a workspace")
}

/// Where everything is built; an absolute path.
pub(crate) fn target() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), |target| here.join(target))
}

/// Where results are left.
pub(crate) fn folder() -> PathBuf {
    target().join("results")
}

/// Copies what the documentation shows into it.
pub(crate) fn publish() -> Result<(), String> {
    let docs = workspace().with_file_name("docs").join("src").join("benchmark");
    fs::create_dir_all(&docs).map_err(|error| format!("{}: {error}", docs.display()))?;
    for name in ["table.md", "chart.svg", "growth.md", "growth.svg", "compile.md"] {
        match fs::copy(folder().join(name), docs.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(format!("{name}: {error}")),
            _ => {} // not measured yet
        }
    }
    eprintln!("published: {}", docs.display());
    Ok(())
}

pub(crate) fn write(name: &str, text: &str) -> Result<(), String> {
    let folder = folder();
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.join(name);
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

impl Results {
    pub(crate) fn load(name: &str) -> Result<Self, String> {
        let path = folder().join(name);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    pub(crate) fn save(&self, name: &str) -> Result<(), String> {
        write(name, &serde_json::to_string(self).map_err(|error| error.to_string())?)
    }

    /// One number of each timed run, with its round.
    pub(crate) fn timed(
        &self,
        work: &Work,
        framework: &str,
        number: impl Fn(&Run) -> Option<f64>,
    ) -> Vec<(usize, f64)> {
        self.of(work, framework)
            .filter(|entry| !entry.run.counted)
            .filter_map(|entry| Some((entry.round, number(&entry.run)?)))
            .collect()
    }

    /// One number of the runs that counted allocations.
    pub(crate) fn counted(&self, work: &Work, framework: &str, number: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
        let numbers: Vec<f64> =
            self.of(work, framework).filter(|entry| entry.run.counted).filter_map(|entry| number(&entry.run)).collect();
        median(&numbers)
    }

    fn of<'a>(&'a self, work: &'a Work, framework: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.work == work.name && entry.framework == framework)
    }

    /// The median of one number of the timed runs.
    pub(crate) fn median(&self, work: &Work, framework: &str, number: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
        let numbers: Vec<f64> = self.timed(work, framework, number).into_iter().map(|(_, number)| number).collect();
        median(&numbers)
    }

    /// How many times more of a number one framework has than another: the median of the ratios within each round.
    pub(crate) fn ratio(&self, work: &Work, of: &str, to: &str, number: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
        ratio(&self.timed(work, of, &number), &self.timed(work, to, &number))
    }

    /// How many times more of a number a framework has at one work than at another, in the same round.
    pub(crate) fn growth(
        &self,
        from: &Work,
        to: &Work,
        framework: &str,
        number: impl Fn(&Run) -> Option<f64>,
    ) -> Option<f64> {
        ratio(&self.timed(to, framework, &number), &self.timed(from, framework, &number))
    }

    /// Those frameworks of a role that have timed runs of this work.
    pub(crate) fn with_role(&self, work: &Work, role: Role) -> Vec<&'static Framework> {
        FRAMEWORKS
            .iter()
            .filter(|framework| framework.role == role && framework.side == work.side)
            .filter(|framework| !self.timed(work, framework.name, cost(work.metric)).is_empty())
            .collect()
    }
}

/// The median of the ratios of those rounds that both have.
fn ratio(of: &[(usize, f64)], to: &[(usize, f64)]) -> Option<f64> {
    let base = |round: usize| to.iter().find(|(other, _)| *other == round).map(|(_, base)| base);
    let ratios: Vec<f64> = of.iter().filter_map(|(round, value)| Some(value / base(*round)?)).collect();
    median(&ratios)
}

/// What the comparison of a metric is made of; less is better.
pub(crate) fn cost(metric: Metric) -> fn(&Run) -> Option<f64> {
    match metric {
        Metric::Nanoseconds | Metric::Rate | Metric::Whole => |run| Some(run.ns),
        Metric::Median => |run| run.p50_ns,
    }
}

/// CPU time of both processes.
pub(crate) fn cpu(run: &Run) -> Option<f64> {
    Some(run.cpu_ns + run.server_cpu_ns)
}
