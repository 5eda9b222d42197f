//! Finds `etcd` and `etcdctl`, or fetches Debian's packages and unpacks them under `target/`.
//!
//! The packages are unpacked, not installed: that needs no root, starts no service and leaves the machine as it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell;

const HOW_TO_INSTALL: &str = "\
the tests need a real etcd (3.4 or later), and there is none on the PATH. Either
  - Debian, Ubuntu:  apt-get install etcd-server etcd-client   (then: systemctl disable --now etcd)
  - macOS:           brew install etcd
  - other:           unpack https://github.com/etcd-io/etcd/releases and put `etcd` and `etcdctl` on the PATH";

/// The two programs of etcd.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) etcdctl: PathBuf,
}

impl Programs {
    fn found(folder: &Path) -> Option<Self> {
        let programs = Self { etcd: folder.join("etcd"), etcdctl: folder.join("etcdctl") };
        (programs.etcd.is_file() && programs.etcdctl.is_file()).then_some(programs)
    }
}

/// From the PATH, from an earlier call, or from the distribution's archive, in this order.
///
/// # Errors
/// What to install, where none of the three has it.
pub(crate) fn obtain() -> Result<Programs, String> {
    if let (Some(etcd), Some(etcdctl)) = (shell::on_path("etcd"), shell::on_path("etcdctl")) {
        return Ok(Programs { etcd, etcdctl });
    }
    let kept = shell::target().join("etcd");
    let bin = kept.join("usr/bin");
    if let Some(programs) = Programs::found(&bin) {
        return Ok(programs);
    }
    if shell::on_path("apt-get").is_none() || shell::on_path("dpkg-deb").is_none() {
        return Err(HOW_TO_INSTALL.into());
    }
    println!("xtask: no etcd on the PATH; fetching Debian's into {}", kept.display());
    fetch(&kept).map_err(|why| format!("{HOW_TO_INSTALL}\n\nfetching Debian's packages failed: {why}"))?;
    Programs::found(&bin).ok_or_else(|| format!("{HOW_TO_INSTALL}\n\nDebian's packages hold no usr/bin/etcd"))
}

fn fetch(kept: &Path) -> Result<(), String> {
    // Unpacked beside and renamed, so that an interrupted or a concurrent fetch never leaves half an etcd.
    let fresh = kept.with_file_name(format!("etcd.fetch-{}", std::process::id()));
    let done = fetch_into(&fresh).and_then(|()| {
        fs::rename(&fresh, kept).or_else(|error| if kept.exists() { Ok(()) } else { Err(error.to_string()) })
    });
    // Gone already where the rename succeeded; where it did not, only disk space is lost.
    let _ = fs::remove_dir_all(&fresh);
    done
}

fn fetch_into(fresh: &Path) -> Result<(), String> {
    let io = |error: std::io::Error| format!("{}: {error}", fresh.display());
    let debs = fresh.join("debs");
    fs::create_dir_all(&debs).map_err(io)?;
    if let Err(first) = download(&mut apt(), &debs) {
        // No package lists yet. Ours go to our own folder: the system's need root.
        let lists = fresh.join("lists");
        fs::create_dir_all(lists.join("partial")).map_err(io)?;
        let own = || {
            let mut command = apt();
            command.arg("-o").arg(format!("Dir::State::lists={}", lists.display()));
            command.arg("-o").arg(format!("Dir::Cache={}", fresh.join("cache").display()));
            command
        };
        shell::output(own().arg("update")).map_err(|why| format!("{first}\n{why}"))?;
        download(&mut own(), &debs)?;
        fs::remove_dir_all(&lists).map_err(io)?;
    }
    for deb in fs::read_dir(&debs).map_err(io)? {
        let deb = deb.map_err(io)?.path();
        shell::output(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(fresh))?;
    }
    fs::remove_dir_all(&debs).map_err(io)
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    // As root, apt would drop to a user that cannot write here.
    command.args(["--quiet", "-o", "APT::Sandbox::User=root"]);
    command
}

fn download(apt: &mut Command, folder: &Path) -> Result<(), String> {
    shell::output(apt.current_dir(folder).args(["download", "etcd-server", "etcd-client"])).map(drop)
}
