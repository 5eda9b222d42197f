//! An etcd of a test's own.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tempfile::TempDir;

use crate::programs;

const LOOPBACK: &str = "127.0.0.1";

/// A running etcd, in a folder of its own; killed when it is dropped.
#[derive(Debug)]
pub struct EtcdProcess {
    child: Child,
    folder: TempDir,
    host: String,
    scheme: &'static str,
    ports: [u16; 2],
    arguments: Vec<String>,
}

impl EtcdProcess {
    /// Starts one. It answers some time later.
    pub fn start() -> Self {
        Self::start_with("http", |_| Vec::new())
    }

    /// Starts one that serves `scheme`, with the arguments that `arguments` makes for its folder.
    ///
    /// # Panics
    /// If there is no etcd on this machine.
    pub fn start_with(scheme: &'static str, arguments: impl FnOnce(&Path) -> Vec<String>) -> Self {
        Self::launch(LOOPBACK, scheme, free_ports(), arguments)
    }

    /// Starts one whose clients reach it at this address of the machine.
    pub fn start_at(host: &str) -> Self {
        Self::launch(host, "http", free_ports(), |_| Vec::new())
    }

    /// Starts a cluster of three.
    pub fn start_three() -> [Self; 3] {
        let ports = [(); 3].map(|()| free_ports());
        let member = |[_, peers]: [u16; 2]| format!("m{peers}=http://127.0.0.1:{peers}");
        let members = ports.map(member).join(",");
        ports.map(|ports| {
            let name = format!("m{}", ports[1]);
            let arguments = ["--name", &name, "--initial-cluster", &members].map(str::to_owned).to_vec();
            Self::launch(LOOPBACK, "http", ports, |_| arguments)
        })
    }

    fn launch(host: &str, scheme: &'static str, ports: [u16; 2], arguments: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let arguments = arguments(folder.path());
        let child = spawn(folder.path(), host, scheme, ports, &arguments);
        Self { child, folder, host: host.into(), scheme, ports, arguments }
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.ports[0])
    }

    /// Kills it.
    pub fn stop(&mut self) {
        self.child.kill().expect("to kill etcd");
        self.child.wait().expect("to reap etcd");
    }

    /// Starts it again after [`stop`](Self::stop), with the data that it had.
    pub fn start_again(&mut self) {
        self.child = spawn(self.folder.path(), &self.host, self.scheme, self.ports, &self.arguments);
    }

    /// Starts it again after [`stop`](Self::stop), with nothing.
    ///
    /// # Panics
    /// If its data cannot be removed.
    pub fn start_empty(&mut self) {
        std::fs::remove_dir_all(self.folder.path().join("data")).expect("to remove etcd's data");
        self.start_again();
    }

    /// Starts it again after [`stop`](Self::stop), with what `etcdctl snapshot save` kept in this file.
    ///
    /// # Panics
    /// If there is no etcdctl on this machine, or it refuses.
    pub fn start_restored(&mut self, snapshot: &Path) {
        let data = self.folder.path().join("data");
        std::fs::remove_dir_all(&data).expect("to remove etcd's data");
        let peers = format!("http://{LOOPBACK}:{}", self.ports[1]);
        let argument = |name: &str| {
            let place = self.arguments.iter().position(|it| it == name)?;
            self.arguments.get(place + 1).cloned()
        };
        let members = argument("--initial-cluster").unwrap_or_else(|| format!("default={peers}"));
        let restored = Command::new(programs::find("EMBER_TEST_ETCDCTL", "etcdctl", "etcd-client"))
            .args(["snapshot", "restore"])
            .arg(snapshot)
            .args(["--name", &argument("--name").unwrap_or_else(|| "default".into())])
            .args(["--initial-cluster", &members, "--initial-advertise-peer-urls", &peers])
            .arg("--data-dir")
            .arg(&data)
            .env("ETCDCTL_API", "3")
            .output()
            .expect("to start etcdctl");
        assert!(restored.status.success(), "etcdctl snapshot restore: {}", String::from_utf8_lossy(&restored.stderr));
        self.start_again();
    }

    /// Freezes it (`SIGSTOP`).
    pub fn freeze(&self) {
        freeze(&self.child);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        signal(&self.child, Signal::CONT);
    }
}

impl Drop for EtcdProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(15).collect();
            eprintln!("the last words of etcd:");
            last.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
    }
}

/// Freezes a child (`SIGSTOP`); when this returns, all of it stands still.
///
/// # Panics
/// If it has ended.
pub fn freeze(child: &Child) {
    signal(child, Signal::STOP);
    let (_, status) = waitpid(Some(Pid::from_child(child)), WaitOptions::UNTRACED)
        .expect("to wait for a child process")
        .expect("a change of its state");
    assert!(status.stopped(), "it ended instead: {status:?}");
}

/// Sends `signal` to a child that has not been reaped.
///
/// # Panics
/// If the system refuses.
pub fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("to signal a child process");
}

fn spawn(folder: &Path, host: &str, scheme: &str, [clients, peers]: [u16; 2], arguments: &[String]) -> Child {
    let log = std::fs::File::create(folder.join("log")).expect("a log file");
    let clients = format!("{scheme}://{host}:{clients}");
    let peers = format!("http://{LOOPBACK}:{peers}");
    Command::new(programs::find("EMBER_ETCD_BIN", "etcd", "etcd-server"))
        .arg("--data-dir")
        .arg(folder.join("data"))
        .args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients])
        .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
        .args(["--initial-cluster", &format!("default={peers}")])
        .args(["--heartbeat-interval", "50", "--election-timeout", "500"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log file"))
        .stderr(log)
        .spawn()
        .expect("to start etcd")
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    free_ports()[0]
}

/// Two ports below those that the system gives to outgoing connections, and not given to another etcd of this process.
fn free_ports() -> [u16; 2] {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut free = std::iter::repeat_with(|| {
        let number = std::process::id().wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        10_000 + u16::try_from(number % 20_000).expect("less than 20,000")
    })
    .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    [(); 2].map(|()| free.next().expect("an endless supply"))
}
