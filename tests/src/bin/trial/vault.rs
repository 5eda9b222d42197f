//! The world outside: what masters write to, under a fence that compares epochs. It lives in the process that tries the others,
//! behind a Unix socket, which network namespaces do not cut.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Result, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::times::Times;

/// Where it is, in the folder of a trial.
fn socket(folder: &Path) -> PathBuf {
    folder.join("vault")
}

/// What was written. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vault(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The fence: no write of a lower epoch is taken.
    epoch: u64,
    /// Who came in which epoch.
    pub(crate) holders: BTreeMap<u64, String>,
    pub(crate) written: Times,
    pub(crate) writes: u64,
    /// Writes of the past that were refused.
    pub(crate) refused: Vec<String>,
    /// What must not be.
    pub(crate) wrong: Vec<String>,
}

impl Vault {
    /// Serves one in `folder`.
    ///
    /// # Panics
    /// If it cannot.
    pub(crate) fn open(folder: &Path) -> Self {
        let vault = Self::default();
        let listener = UnixListener::bind(socket(folder)).expect("a socket for the vault");
        let shared = vault.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(std::io::Result::ok) {
                let vault = shared.clone();
                thread::spawn(move || vault.serve(stream));
            }
        });
        vault
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until its client ends.
    fn serve(&self, stream: UnixStream) -> Option<()> {
        let mut answers = stream.try_clone().ok()?;
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let taken = self.lock().take(&line);
            answers.write_all(if taken { b"taken\n" } else { b"fenced\n" }).ok()?;
        }
        Some(())
    }
}

impl Kept {
    fn take(&mut self, line: &str) -> bool {
        let [act, epoch, node, id] = line.split(' ').collect::<Vec<_>>()[..] else { return false };
        let epoch: u64 = epoch.parse().unwrap_or(0);
        let holder = self.holders.entry(epoch).or_insert_with(|| node.to_owned());
        if holder != node {
            self.wrong.push(format!("two masters in the epoch {epoch}: {holder} and {node}"));
        }
        if epoch < self.epoch {
            self.refused.push(id.to_owned());
            return false;
        }
        match act {
            "raise" => self.epoch = epoch,
            _ if epoch > self.epoch => {
                self.wrong.push(format!("{node} writes in the epoch {epoch}, and never took it"))
            }
            _ => {
                self.written.add(id);
                self.writes += 1;
            }
        }
        true
    }
}

/// The vault as a node sees it.
pub(crate) struct Door {
    answers: BufReader<UnixStream>,
}

impl Door {
    /// Connects to the vault of a folder.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        Ok(Self { answers: BufReader::new(UnixStream::connect(socket(folder))?) })
    }

    /// From now on writes of lower epochs are refused; whether this one is not refused itself.
    pub(crate) fn raise(&mut self, epoch: i64, node: &str) -> Result<bool> {
        self.ask(&format!("raise {epoch} {node} -\n"))
    }

    /// Whether the write was taken.
    pub(crate) fn write(&mut self, epoch: i64, node: &str, id: &str) -> Result<bool> {
        self.ask(&format!("write {epoch} {node} {id}\n"))
    }

    fn ask(&mut self, line: &str) -> Result<bool> {
        self.answers.get_mut().write_all(line.as_bytes())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(answer == "taken\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_of_the_past_is_refused_and_two_masters_of_one_epoch_are_wrong() {
        let mut kept = Kept::default();
        assert!(kept.take("raise 5 a -") && kept.take("write 5 a x.0"));
        assert!(kept.take("raise 7 b -") && kept.take("write 7 b x.1"));
        assert!(!kept.take("write 5 a x.2") && !kept.take("raise 5 a -"));
        assert_eq!((kept.refused.len(), kept.writes, kept.written.of("x", 2)), (2, 2, 0));
        assert!(kept.wrong.is_empty(), "{:?}", kept.wrong);
        kept.take("write 7 c x.3");
        kept.take("write 9 c x.4");
        assert_eq!(kept.wrong.len(), 2, "two in the epoch 7, and one who never took the epoch 9: {:?}", kept.wrong);
    }
}
