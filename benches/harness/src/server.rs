//! The server process of a run between two processes: started by the client, asked over its standard input what it has
//! used so far, gone when the client is gone.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use crate::{meter::Used, unsafe_alloc};

pub(crate) struct Server {
    child: Mutex<(Child, BufReader<ChildStdout>)>,
    /// What it announced: as a rule where it listens.
    pub(crate) address: String,
}

impl Server {
    /// Starts this program once more, with the same arguments, as the server.
    pub(crate) fn start(folder: &Path) -> Self {
        let program = std::env::current_exe().expect("the path of this program");
        let mut child = Command::new(program)
            .args(std::env::args_os().skip(1))
            .arg("--server")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server process");
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        let address = line(&mut said);
        Self { child: Mutex::new((child, said)), address }
    }

    pub(crate) fn used(&self) -> Used {
        let mut child = self.child.lock().expect("nobody panicked with it");
        let (child, said) = &mut *child;
        child.stdin.as_mut().expect("its input").write_all(b"used\n").expect("a server that lives");
        serde_json::from_str(&line(said)).expect("what it used")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let child = &mut self.child.get_mut().expect("nobody panicked with it").0;
        // It ends when its input does, and not at once: a profiler that it runs under has something to write.
        drop(child.stdin.take());
        let _ = child.wait();
    }
}

fn line(said: &mut impl BufRead) -> String {
    let mut line = String::new();
    said.read_line(&mut line).expect("a line from the server");
    assert!(!line.is_empty(), "the server ended");
    line.trim_end().to_owned()
}

/// Tells the client where the server listens, and answers its questions from now on.
///
/// # Panics
/// If the client is gone.
pub fn announce(address: impl std::fmt::Display) {
    say(&address);
    std::thread::spawn(|| {
        for question in std::io::stdin().lines() {
            match question.as_deref() {
                Ok("used") => say(&serde_json::to_string(&Used::so_far()).expect("numbers")),
                _ => break,
            }
        }
        std::process::exit(0); // the client is gone
    });
}

fn say(what: &dyn std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what}").and_then(|()| out.flush()).expect("a client that listens");
}

/// In the server of a run that counts: it counts from its start, and the client takes differences.
pub(crate) fn count(on: bool) {
    unsafe_alloc::count(on);
}
