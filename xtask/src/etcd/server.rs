//! One etcd on free loopback ports, with its data in a temporary folder; it ends when its owner ends, however that ends.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Programs;

/// Keeps etcd until its own stdin closes: dropping [`Server`] closes it, and so does the kernel when xtask is killed.
/// Signals are left to xtask, or a Ctrl-C would end the guard before its ward.
const GUARD: &str = r#"
trap '' INT TERM HUP
exec 3<&0
folder=$1
shift
"$@" >"$folder/log" 2>&1 </dev/null 3<&- &
etcd=$!
( read -r _ <&3; kill -9 "$etcd" 2>/dev/null; rm -rf "$folder" ) >/dev/null 2>&1 &
exec 3<&-
wait "$etcd"
"#;

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// A running etcd. Dropping it kills etcd and removes its data.
#[derive(Debug)]
pub(crate) struct Server {
    guard: Child,
    folder: PathBuf,
    client: SocketAddr,
}

impl Server {
    /// Starts etcd and waits until it answers.
    ///
    /// # Errors
    /// With the end of etcd's log, where it does not come up.
    pub(crate) fn start(programs: &Programs) -> Result<Self, String> {
        // Another process can take a free port between our asking and etcd's binding: try again with others.
        let mut last = String::new();
        for _ in 0..3 {
            let mut server = Self::spawn(programs)?;
            match server.wait_until_healthy() {
                Ok(()) => return Ok(server),
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    /// Where clients connect, as `http://127.0.0.1:port`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.client)
    }

    fn spawn(programs: &Programs) -> Result<Self, String> {
        let [client, peer] = free_addresses().map_err(|error| format!("no free loopback port: {error}"))?;
        let folder = std::env::temp_dir().join(format!("ember-etcd-{}-{}", std::process::id(), client.port()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut guard = Command::new("sh");
        guard.envs(super::environment()).args(["-c", GUARD, "etcd-guard"]).arg(&folder).arg(&programs.etcd);
        guard.args(["--name", "ember-test", "--data-dir"]).arg(folder.join("data"));
        guard.arg(format!("--listen-client-urls=http://{client}"));
        guard.arg(format!("--advertise-client-urls=http://{client}"));
        guard.arg(format!("--listen-peer-urls=http://{peer}"));
        guard.arg(format!("--initial-advertise-peer-urls=http://{peer}"));
        guard.arg(format!("--initial-cluster=ember-test=http://{peer}"));
        // Its shell would report the kill; what etcd says goes to the log.
        guard.stdin(Stdio::piped()).stderr(Stdio::null());
        let guard = guard.spawn().map_err(|error| format!("`sh` did not start: {error}"))?;
        Ok(Self { guard, folder, client })
    }

    fn wait_until_healthy(&mut self) -> Result<(), String> {
        for _ in 0..PATIENCE.as_millis() / POLL.as_millis() {
            if healthy(self.client).unwrap_or(false) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.guard.try_wait() {
                return Err(format!("etcd ended while starting ({status}):\n{}", log_end(&self.folder)));
            }
            thread::sleep(POLL);
        }
        Err(format!("etcd did not answer at {} within {PATIENCE:?}:\n{}", self.url(), log_end(&self.folder)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // The guard ends with etcd; there is nothing to do about one that cannot be waited for.
        let _ = self.guard.wait();
    }
}

fn free_addresses() -> std::io::Result<[SocketAddr; 2]> {
    let (one, two) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok([one.local_addr()?, two.local_addr()?])
}

/// Asks etcd's own health page, which includes having a leader.
fn healthy(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.contains("\"health\":\"true\""))
}

fn log_end(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
