//! A `fault-node` as a child process.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::Signal;
use serde::de::DeserializeOwned;

use super::{Configuration, Place, Record, Started, Summary};
use crate::{
    etcd_process::signal,
    wait::{PATIENCE, until},
};

/// A running node; killed when it is dropped. Its log is printed if the test fails.
#[derive(Debug)]
pub struct FaultNode {
    name: String,
    child: Child,
    input: ChildStdin,
    output: mpsc::Receiver<String>,
    log: PathBuf,
    started: Option<Started>,
}

impl Configuration {
    /// A node with a counter that writes in `folder`: a lease of 5 s, 8 s for a shutdown.
    pub fn new(name: &str, registry: &Place, folder: &Path) -> Self {
        Self {
            name: name.into(),
            cluster: "faults".into(),
            registry: registry.clone(),
            record: Some(folder.join(format!("{name}.record"))),
            sharded: false,
            lease: Duration::from_secs(5),
            office: Duration::from_secs(5),
            drain: Duration::from_secs(8),
            listen: None,
            advertise: None,
            namespace: None,
        }
    }

    /// A node without a counter, whose calls all go to others.
    #[must_use]
    pub fn caller(self) -> Self {
        Self { record: None, ..self }
    }

    /// A node that has a sharded service beside its counter.
    #[must_use]
    pub fn sharded(self) -> Self {
        Self { sharded: true, ..self }
    }
}

impl FaultNode {
    /// Starts `program`; its log goes to `folder`.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn launch(program: &str, configuration: &Configuration, folder: &Path) -> Self {
        let log = folder.join(format!("{}.log", configuration.name));
        let errors = File::options().create(true).append(true).open(&log).expect("a log file");
        let mut command = match &configuration.namespace {
            None => Command::new(program),
            // It becomes the program: signals reach that.
            Some(namespace) => {
                let mut ip = Command::new("ip");
                ip.args(["netns", "exec", namespace, program]);
                ip
            }
        };
        let mut child = command
            .arg(serde_json::to_string(configuration).expect("text and numbers"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("to start fault-node");
        let input = child.stdin.take().expect("its input");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let (line, output) = mpsc::sync_channel(16);
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|text| line.send(text)));
        Self { name: configuration.name.clone(), child, input, output, log, started: None }
    }

    /// Waits until it takes part in its cluster.
    pub fn ready(&mut self) -> Started {
        let started: Started = self.line();
        self.started = Some(started.clone());
        started
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How views name it: `name incarnation`.
    ///
    /// # Panics
    /// Before [`ready`](Self::ready).
    pub fn member(&self) -> String {
        let started = self.started.as_ref().expect("a node that was ready");
        format!("{} {}", self.name, started.incarnation)
    }

    /// Makes `count` calls at once, each of `work` ms.
    pub fn burst(&mut self, count: usize, to: &str, work: u64, timeout: Duration) {
        let _: String = self.ask(&format!("burst {count} {to} {work} {}", timeout.as_millis()));
    }

    /// Makes calls one after the other in each of `lanes`, with a pause of `pause` ms.
    pub fn steady(&mut self, lanes: usize, to: &str, pause: u64, timeout: Duration) {
        let _: String = self.ask(&format!("steady {lanes} {to} {pause} {}", timeout.as_millis()));
    }

    /// Calls the sharded service for so many keys, for each key one call after the other, each of `work` ms. Their ids end with `/KEY`.
    pub fn keys(&mut self, keys: u64, work: u64, timeout: Duration) {
        let _: String = self.ask(&format!("keys {keys} {work} {}", timeout.as_millis()));
    }

    /// How many shards of its own were at work at once at most.
    pub fn most(&mut self) -> usize {
        self.ask("most")
    }

    /// Makes one call with an argument of so many bytes.
    pub fn large(&mut self, bytes: usize, to: &str, timeout: Duration) {
        let _: String = self.ask(&format!("large {bytes} {to} {}", timeout.as_millis()));
    }

    /// Holds up all its workers; it may not answer for so long.
    pub fn block(&mut self, time: Duration) {
        let _: String = self.ask(&format!("block {}", time.as_millis()));
    }

    /// Sends one-way calls; how many were taken.
    pub fn send(&mut self, count: usize, to: &str) -> u64 {
        self.ask(&format!("send {count} {to}"))
    }

    /// Ends the steady calls, and waits until no call is under way.
    pub fn stop(&mut self) -> Summary {
        let _: String = self.ask("stop");
        until("the last calls to end", || Some(self.summary()).filter(|it| it.pending == 0))
    }

    /// Ends the steady calls, and waits until no more than `left` calls are under way.
    pub fn stop_without(&mut self, left: u64) -> Summary {
        let _: String = self.ask("stop");
        until("the last steady calls to end", || Some(self.summary()).filter(|it| it.pending <= left))
    }

    /// Its calls, in numbers.
    pub fn summary(&mut self) -> Summary {
        self.ask("summary")
    }

    /// Its calls.
    pub fn outcomes(&mut self) -> Vec<Record> {
        self.ask("outcomes")
    }

    /// Who is in its view.
    pub fn members(&mut self) -> BTreeSet<String> {
        self.ask("members")
    }

    /// Who was in its views, one after the other.
    pub fn views(&mut self) -> Vec<BTreeSet<String>> {
        self.ask("views")
    }

    /// `SIGKILL`: it ends without a chance to clean up.
    ///
    /// # Panics
    /// If it is gone already.
    pub fn kill(&mut self) {
        self.child.kill().expect("to kill fault-node");
        self.child.wait().expect("to reap fault-node");
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `SIGSTOP`.
    pub fn freeze(&self) {
        signal(&self.child, Signal::STOP);
    }

    /// `SIGCONT`.
    pub fn thaw(&self) {
        signal(&self.child, Signal::CONT);
    }

    /// `SIGTERM`.
    pub fn terminate(&self) {
        signal(&self.child, Signal::TERM);
    }

    /// `SIGUSR1`.
    pub fn retire(&self) {
        signal(&self.child, Signal::USR1);
    }

    /// `SIGINT`, as by Ctrl-C.
    pub fn interrupt(&self) {
        signal(&self.child, Signal::INT);
    }

    /// Waits until it has ended.
    pub fn exit(&mut self) -> ExitStatus {
        until("a node to end", || self.child.try_wait().expect("to wait for fault-node"))
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Tells it something, and waits for its answer.
    ///
    /// # Panics
    /// If it does not answer, or answers something else.
    pub fn ask<T: DeserializeOwned>(&mut self, request: &str) -> T {
        writeln!(self.input, "{request}").expect("fault-node to listen");
        self.line()
    }

    fn line<T: DeserializeOwned>(&self) -> T {
        let line = self.output.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|error| panic!("no answer from `{}`: {error}", self.name));
        serde_json::from_str(&line).expect("an answer of the right kind")
    }
}

impl Drop for FaultNode {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            eprintln!("the last words of `{}`:", self.name);
            lines.iter().skip(lines.len().saturating_sub(60)).for_each(|line| eprintln!("  {line}"));
        }
    }
}
