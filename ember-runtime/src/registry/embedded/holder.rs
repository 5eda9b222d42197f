//! Which process serves, in words: it writes its number into the lock file.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use rustix::process::{Pid, getpid, test_kill_process};

/// What the holder of a lock writes into it.
pub(super) fn mark() -> String {
    format!("{}\n", getpid().as_raw_nonzero())
}

pub(super) fn this_process() -> String {
    "this process serves it, and is busy, waits for its disk, or is short of memory or file descriptors".into()
}

/// Who has this lock, and what to do about one that stands still.
pub(super) fn of(lock: &Path) -> String {
    if !is_locked(lock) {
        // What it says is of an earlier one, and its number may be somebody else's by now.
        return "nobody serves it yet".into();
    }
    match living(lock) {
        Some(pid) if pid == getpid() => "this process has just served it".into(),
        Some(pid) => of_process(pid.as_raw_nonzero().get()),
        _ => format!("nobody serves it yet, or whoever has locked {}", lock.display()),
    }
}

/// The process that serves, where it is this machine's and has said so.
pub(super) fn living(lock: &Path) -> Option<Pid> {
    let said = if is_locked(lock) { written(lock) } else { None };
    said.filter(|pid| test_kill_process(*pid).is_ok())
}

/// The process that has said last that it serves.
fn written(lock: &Path) -> Option<Pid> {
    let written = fs::read_to_string(lock).ok().and_then(|text| text.trim().parse().ok());
    // Anybody may have written it: to signal something else than one process is refused here.
    written.filter(|pid| *pid > 0).and_then(Pid::from_raw)
}

/// What to call a process.
pub(super) fn name(pid: Pid) -> String {
    let number = pid.as_raw_nonzero();
    if pid == getpid() {
        return format!("process {number}, this one");
    }
    stat(number.get()).map_or_else(|| format!("process {number}"), |(name, _)| format!("process {number}, `{name}`"))
}

/// Whether somebody serves.
pub(super) fn is_locked(lock: &Path) -> bool {
    // Shared, and let go at once: whoever is about to serve tries again.
    File::open(lock).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The name of a process, and what is known of its state and more, where the system has a file that says so.
fn stat(pid: i32) -> Option<(String, String)> {
    // `pid (name) state …`, and the name may have any character in it.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    Some((name.to_owned(), rest.trim().to_owned()))
}

fn of_process(pid: i32) -> String {
    match stat(pid) {
        Some((name, state)) if state.starts_with(['T', 't']) => format!(
            "process {pid}, `{name}`, serves it and is stopped, by SIGSTOP or a debugger: let it go on (`kill -CONT {pid}`), or end it \
             (`kill -KILL {pid}`) and another process takes over"
        ),
        Some((name, _)) => format!("process {pid}, `{name}`, serves it: look whether that one is held up"),
        None => format!("process {pid} serves it: look whether that one is stopped or held up"),
    }
}
