//! Starts the members, kills one, brings it back, and tells what it sees.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use ember::{Error, Result};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
    time::{Instant, timeout},
};

use crate::{report::Report, screen::Screen};

const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

pub(crate) async fn run(stay: bool) -> Result<()> {
    let mut stage = Stage::new();
    let outcome = tokio::select! {
        outcome = stage.play(stay) => outcome,
        signal = tokio::signal::ctrl_c() => Ok(signal?),
    };
    stage.close().await;
    outcome
}

/// The members, and what they have said.
struct Stage {
    cluster: String,
    screen: Screen,
    children: BTreeMap<&'static str, Child>,
    reports: BTreeMap<String, Report>,
    lines: mpsc::Receiver<Report>,
    line: mpsc::Sender<Report>,
}

impl Stage {
    fn new() -> Self {
        let (line, lines) = mpsc::channel(64);
        let cluster = format!("quickstart-{}", std::process::id());
        Self { cluster, screen: Screen::new(), children: BTreeMap::new(), reports: BTreeMap::new(), lines, line }
    }

    async fn play(&mut self, stay: bool) -> Result<()> {
        self.screen
            .say(&format!("cluster `{}`: three processes, the embedded registry, nothing installed", self.cluster));
        self.start(NAMES[0])?;
        self.until("the first process serves the registry", |reports| reports.len() == 1).await?;
        for name in &NAMES[1..] {
            self.start(name)?;
        }
        self.until("all three see each other and call each other", |reports| {
            NAMES.iter().all(|name| {
                reports
                    .get(*name)
                    .is_some_and(|it| it.view.len() == 3 && NAMES.iter().all(|to| it.answered.contains_key(*to)))
            })
        })
        .await?;
        self.watch(Duration::from_secs(2)).await?;

        let victim = NAMES[0];
        let before: u64 = self.reports.values().map(Report::ok).sum();
        if let Some(child) = self.children.get_mut(victim) {
            child.kill().await?;
        }
        self.children.remove(victim);
        self.reports.remove(victim);
        self.screen.say(&format!("SIGKILL to `{victim}`, which hosts the registry, with calls on their way to it"));
        self.until("the two that are left agree that it is gone; another process serves the registry", |reports| {
            reports.values().all(|it| it.view.len() == 2)
        })
        .await?;
        self.watch(Duration::from_secs(2)).await?;
        self.settle(before)?;

        self.start(victim)?;
        self.until(&format!("`{victim}` is back, and is called again"), |reports| {
            reports.len() == 3 && reports.values().all(|it| it.view.len() == 3 && it.answered.contains_key(victim))
        })
        .await?;
        if stay {
            self.screen.say("running until Ctrl-C");
            loop {
                self.watch(Duration::from_secs(60)).await?;
            }
        }
        self.watch(Duration::from_secs(2)).await?;
        self.screen.say("done");
        Ok(())
    }

    /// Says what became of the calls that the killed process had.
    fn settle(&mut self, before: u64) -> Result<()> {
        let sum = |count: fn(&Report) -> u64| self.reports.values().map(count).sum::<u64>();
        let (now, lost, refused) = (sum(Report::ok), sum(|it| it.maybe_executed), sum(|it| it.not_executed));
        self.screen.say(&format!(
            "of the calls in flight {lost} may have run and were reported so, {refused} certainly had not run and could not be \
             saved; the others went to another process by themselves"
        ));
        if now <= before / 2 {
            return Err(Error::other("calls did not go on after the kill"));
        }
        Ok(())
    }

    /// Starts a member and reads what it says.
    fn start(&mut self, name: &'static str) -> Result<()> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--member", &self.cluster, name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().unwrap_or_default();
        self.screen.say(&format!("started `{name}` (process {id})"));
        let stdout = child.stdout.take().ok_or_else(|| Error::other("the member has no standard output"))?;
        self.children.insert(name, child);
        let line = self.line.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(text)) = lines.next_line().await {
                if let Ok(report) = serde_json::from_str(&text)
                    && line.send(report).await.is_err()
                {
                    return;
                }
            }
        });
        Ok(())
    }

    /// Shows reports until `condition` holds, 10 s at most.
    async fn until(&mut self, what: &str, condition: impl Fn(&BTreeMap<String, Report>) -> bool) -> Result<()> {
        let started = Instant::now();
        let waited = timeout(Duration::from_secs(10), async {
            while !condition(&self.reports) {
                self.next().await?;
            }
            Ok::<_, Error>(())
        });
        match waited.await {
            Ok(done) => done?,
            Err(_) => return Err(Error::other(format!("this did not happen within 10 s: {what}"))),
        }
        self.screen.say(&format!("{what} ({:.1} s)", started.elapsed().as_secs_f64()));
        Ok(())
    }

    /// Shows reports for a while.
    async fn watch(&mut self, time: Duration) -> Result<()> {
        match timeout(time, async {
            loop {
                self.next().await?;
            }
        })
        .await
        {
            Ok(Err::<(), Error>(error)) => Err(error),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Takes in one report, and shows it.
    async fn next(&mut self) -> Result<()> {
        let report = self.lines.recv().await.ok_or_else(|| Error::other("no member is left"))?;
        // A last line of a process that has been killed meanwhile does not count.
        if !self.children.contains_key(report.name.as_str()) {
            return Ok(());
        }
        for error in report.errors.iter().take(3) {
            self.screen.say(&format!("  {}: {error}", report.name));
        }
        self.reports.insert(report.name.clone(), report);
        self.screen.show(&self.reports);
        Ok(())
    }

    /// Ends the members: they shut down when their standard input is closed.
    async fn close(&mut self) {
        for child in self.children.values_mut() {
            drop(child.stdin.take());
        }
        for child in self.children.values_mut() {
            let _ = timeout(Duration::from_secs(5), child.wait()).await;
        }
    }
}
