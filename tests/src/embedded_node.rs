//! The program `embedded-node` as a child process: a session with an embedded registry that obeys lines on its input.

use std::{
    fs::Permissions,
    io::{BufRead, BufReader, Lines, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::etcd_process::{freeze, signal};

/// A new folder that nobody else may enter.
///
/// # Panics
/// If it cannot be made.
pub fn private_folder() -> TempDir {
    let permissions = Permissions::from_mode(0o700);
    tempfile::Builder::new().permissions(permissions).tempdir().expect("a temporary folder")
}

/// A child process; killed when it is dropped.
#[derive(Debug)]
pub struct EmbeddedNode {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl EmbeddedNode {
    /// Starts `program` with a registry in `folder`; [`ready`](Self::ready) tells when it has an answer from it.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(program: &str, folder: &Path) -> Self {
        let mut child = Command::new(program)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("to start embedded-node");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, input, output }
    }

    /// Waits until the registry has answered it.
    pub fn ready(&mut self) {
        assert_eq!(self.line(), "ready");
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes a key.
    pub fn put(&mut self, key: &str, value: &str) -> String {
        self.ask(&format!("put {key} {value}"))
    }

    /// The value of a key, or `none`.
    pub fn get(&mut self, key: &str) -> String {
        self.ask(&format!("get {key}"))
    }

    /// Ends it without a chance to clean up.
    ///
    /// # Panics
    /// If it is gone already.
    pub fn kill(mut self) {
        self.child.kill().expect("to kill embedded-node");
        self.child.wait().expect("to reap embedded-node");
    }

    /// Freezes it (`SIGSTOP`).
    pub fn freeze(&self) {
        freeze(&self.child);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        signal(&self.child, Signal::CONT);
    }

    fn ask(&mut self, request: &str) -> String {
        writeln!(self.input, "{request}").expect("embedded-node to listen");
        self.line()
    }

    fn line(&mut self) -> String {
        self.output.next().expect("a line from embedded-node").expect("text")
    }
}

impl Drop for EmbeddedNode {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
