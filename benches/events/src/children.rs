//! The processes of a run, and what CPU time they have used.

use std::{
    fs, io,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{self, Command, Stdio},
};

/// A process, which ends with this.
pub(crate) struct Child {
    process: process::Child,
}

impl Child {
    /// Starts one whose output is not read.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        Ok(Self { process: command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()? })
    }

    /// Starts one whose lines are read.
    pub(crate) fn talking(command: &mut Command) -> io::Result<(Self, impl FnMut() -> String + use<>)> {
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let next = move || lines.next().expect("a line of a process that runs").expect("text");
        Ok((Self { process }, next))
    }

    /// CPU time of all its threads, in nanoseconds.
    pub(crate) fn used(&self) -> f64 {
        let stat =
            fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("Linux, and a process that runs");
        // After its name, which is in parentheses, and may have blanks.
        let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
        let ticks: f64 = [11, 12].into_iter().map(|place: usize| fields[place].parse::<f64>().expect("a number")).sum();
        ticks * 1e7
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port()
}
