//! The thread of a journal: it writes what has gathered, waits for the disk once for all of it, and says so.

use std::{
    io, mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use super::writer::Writer;
use crate::{
    panics::attempt,
    replica::journal::{Change, Keeps},
    sync::{lock, ordered},
};

/// Where several wait for the disk at a time, the next of them are awaited as long as one more comes in this time,
const NEXT_COMES: Duration = Duration::from_micros(100);
/// so often at most.
const GATHERS: u32 = 64;
/// After so long without anything to write, the end of the file is sealed.
const IDLE: Duration = Duration::from_millis(200);

/// So long does a simulation take to find what is on its disk.
const IN_PLACE: Duration = Duration::from_millis(1);

/// A journal that is written. When it is dropped, what it was given is written, and then its folder is free.
pub(crate) struct Journal {
    shared: Arc<Shared>,
    /// In a simulation, where time waits for no thread: what it is given is written at once.
    in_place: Option<Mutex<Writer>>,
}

struct Shared {
    queue: Mutex<Queue>,
    /// There is something in the queue, or it is closed.
    filled: Condvar,
    progress: ordered::Sender<Progress>,
}

#[derive(Default)]
struct Queue {
    changes: Vec<Change>,
    /// How often it was given any.
    given: u64,
    closed: bool,
}

/// How far it has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// What it was given up to here is on the disk.
    pub(crate) kept: u64,
    /// It is to be shortened.
    pub(crate) is_long: bool,
    /// Nothing more is written, since this went wrong.
    pub(crate) failed: Option<Arc<str>>,
    /// How often it has waited for the disk.
    pub(crate) syncs: u64,
}

impl Journal {
    /// # Errors
    /// There could be no thread.
    pub(super) fn start(writer: Writer) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            filled: Condvar::new(),
            progress: ordered::Sender::new(Progress::default()),
        });
        let of_thread = Arc::clone(&shared);
        thread::Builder::new().name("ember-journal".into()).spawn(move || of_thread.run(writer))?;
        Ok(Self { shared, in_place: None })
    }

    /// Without a thread.
    pub(super) fn in_place(writer: Writer) -> Self {
        let progress = ordered::Sender::new(Progress::default());
        let shared = Shared { queue: Mutex::default(), filled: Condvar::new(), progress };
        Self { shared: Arc::new(shared), in_place: Some(Mutex::new(writer)) }
    }

    /// In how much time that is not real what it was given is known to be on the disk, if there is no disk that takes its time.
    pub(crate) fn pause(&self) -> Option<Duration> {
        self.in_place.as_ref().map(|_| IN_PLACE)
    }

    /// Tells how far it has come.
    pub(crate) fn progress(&self) -> ordered::Receiver<Progress> {
        self.shared.progress.subscribe()
    }
}

impl Keeps for Journal {
    fn keep(&self, mut changes: Vec<Change>) -> u64 {
        let mut queue = lock(&self.shared.queue);
        queue.given += 1;
        let given = queue.given;
        if let Some(writer) = &self.in_place {
            self.shared.write_in_place(&mut lock(writer), changes, given);
            return given;
        }
        queue.changes.append(&mut changes);
        drop(queue);
        self.shared.filled.notify_one();
        given
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        lock(&self.shared.queue).closed = true;
        self.shared.filled.notify_one();
    }
}

/// What there is to do.
enum Next {
    Write(Vec<Change>, u64),
    Nothing,
    End,
}

impl Shared {
    /// All of it, with what is written anew.
    fn write_in_place(&self, writer: &mut Writer, changes: Vec<Change>, number: u64) {
        let written = writer.write(changes).and_then(|()| {
            while writer.is_shortening() {
                writer.shorten_on()?;
            }
            Ok(())
        });
        match written {
            Ok(()) => self.tell(writer, Some(number)),
            Err(error) => self.progress.send_modify(|it| it.failed = Some(error.to_string().into())),
        }
    }

    fn run(&self, mut writer: Writer) {
        let ended = attempt(|| self.keep_on(&mut writer));
        let why = match ended {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => format!("{panic}: this is a bug of Ember, please report it"),
        };
        if let Err(left) = writer.abandon() {
            tracing::debug!(target: "ember::cluster", error = %left, ?writer, "the end of a journal could not be cut off");
        }
        // Its folder is free: whoever is started on it goes on from what was acknowledged.
        drop(writer);
        self.progress.send_modify(|it| it.failed = Some(why.into()));
    }

    fn keep_on(&self, writer: &mut Writer) -> io::Result<()> {
        let (mut is_sealed, mut several) = (false, false);
        loop {
            let patience = if writer.is_shortening() { Some(Duration::ZERO) } else { (!is_sealed).then_some(IDLE) };
            match self.next(patience, several) {
                Next::Write(changes, number) => {
                    several = changes.len() > 1;
                    writer.write(changes)?;
                    is_sealed = false;
                    self.tell(writer, Some(number));
                }
                Next::Nothing if writer.is_shortening() => {}
                Next::Nothing => {
                    writer.seal()?;
                    is_sealed = true;
                }
                Next::End => return if is_sealed { Ok(()) } else { writer.seal() },
            }
            if writer.is_shortening() {
                writer.shorten_on()?;
                self.tell(writer, None);
            }
        }
    }

    /// Those who were told that they are on the disk come back soon, and one by one: whoever began with the first would wait for the disk twice.
    fn gather<'a>(&self, mut queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        for _ in 0..GATHERS {
            let given = queue.given;
            let more = |queue: &mut Queue| queue.given == given && !queue.closed;
            let waited =
                self.filled.wait_timeout_while(queue, NEXT_COMES, more).unwrap_or_else(PoisonError::into_inner);
            queue = waited.0;
            if waited.1.timed_out() || queue.closed {
                break;
            }
        }
        queue
    }

    fn tell(&self, writer: &Writer, kept: Option<u64>) {
        self.progress.send_modify(|it| {
            it.kept = kept.unwrap_or(it.kept);
            it.is_long = writer.is_long();
            it.syncs = writer.syncs();
        });
    }

    /// All that has gathered, once there is any.
    fn next(&self, patience: Option<Duration>, crowded: bool) -> Next {
        let mut queue = lock(&self.queue);
        if queue.changes.is_empty() && !queue.closed {
            let wait = |queue: &mut Queue| queue.changes.is_empty() && !queue.closed;
            queue = match patience {
                None => self.filled.wait_while(queue, wait).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => queue,
                Some(patience) => {
                    self.filled.wait_timeout_while(queue, patience, wait).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        if crowded && !queue.changes.is_empty() {
            queue = self.gather(queue);
        }
        if !queue.changes.is_empty() {
            return Next::Write(mem::take(&mut queue.changes), queue.given);
        }
        if queue.closed { Next::End } else { Next::Nothing }
    }
}
