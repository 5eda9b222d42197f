//! A member's process, as the director has it.

use std::{path::Path, process::Stdio};

use ember::{Error, Result};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc,
};

/// Something that a member has said.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

pub(crate) struct Process {
    pub(crate) child: Child,
    input: ChildStdin,
}

impl Process {
    pub(crate) fn start(cluster: &str, name: &'static str, database: &Path, lines: mpsc::Sender<Line>) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--member", cluster, name])
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = (input, output) else { return Err(Error::other("no pipes to a member")) };
        tokio::spawn(async move {
            let mut output = BufReader::new(output).lines();
            while let Ok(Some(text)) = output.next_line().await {
                if lines.send(Line { name, text }).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, input })
    }

    pub(crate) async fn say(&mut self, line: &str) -> Result<()> {
        Ok(self.input.write_all(format!("{line}\n").as_bytes()).await?)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill_process(self.pid()?, signal).map_err(std::io::Error::from)?)
    }

    /// Stops it (SIGSTOP); when this returns, all of it stands still.
    pub(crate) fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        match waitpid(Some(self.pid()?), WaitOptions::UNTRACED).map_err(std::io::Error::from)? {
            Some((_, status)) if status.stopped() => Ok(()),
            other => Err(Error::other(format!("it did not stop: {other:?}"))),
        }
    }

    fn pid(&self) -> Result<Pid> {
        let id = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        id.ok_or_else(|| Error::other("the process has ended"))
    }
}
