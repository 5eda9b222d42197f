//! How long a node that starts waits for the registry.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use crate::directory::Directory;

/// So long without a sign that it goes on.
const QUIET: Duration = Duration::from_secs(10);
/// So long in any case: others may give signs for ever.
const MOST: Duration = Duration::from_secs(60);
/// The pause between two looks for signs.
const LOOK: Duration = Duration::from_secs(1);

/// Where signs come from that the registry answers: what others write is seen, or what this node writes has arrived. A process
/// that starts a thousand nodes at once is slow, and none of them fails because of that.
pub(crate) struct Signs {
    directory: Arc<Directory>,
    written: watch::Receiver<u64>,
}

impl Signs {
    pub(crate) fn new(directory: &Arc<Directory>, written: watch::Receiver<u64>) -> Self {
        Self { directory: Arc::clone(directory), written }
    }

    fn now(&self) -> (u64, u64) {
        (self.directory.newest(), *self.written.borrow())
    }

    /// Waits for `wanted`.
    ///
    /// # Errors
    /// After how long it was given up.
    pub(crate) async fn wait<T>(self, wanted: impl Future<Output = T>) -> Result<T, Duration> {
        let started = Instant::now();
        let (mut quiet, mut sign) = (Duration::ZERO, self.now());
        tokio::pin!(wanted);
        loop {
            if let Ok(done) = timeout(LOOK, &mut wanted).await {
                return Ok(done);
            }
            // However late this look is, it counts once, and not before a task that is new has had its turn: where everything is
            // slow, signs are, too.
            let _ = tokio::spawn(async {}).await;
            quiet += LOOK;
            if self.now() != sign {
                (quiet, sign) = (Duration::ZERO, self.now());
            }
            let waited = started.elapsed();
            if quiet >= QUIET || waited >= MOST {
                return Err(waited);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{join, time::sleep};

    use super::*;
    use crate::{
        directory::NodeRecord,
        id::{Incarnation, NodeId, NodeKey},
    };

    fn signs() -> (Signs, watch::Sender<u64>) {
        let key = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
        let record = NodeRecord::new(key, "a".into(), "127.0.0.1:1".parse().unwrap(), 0);
        let sender = watch::Sender::new(0);
        (Signs::new(&Arc::new(Directory::new(record)), sender.subscribe()), sender)
    }

    /// How long something is waited for that takes `seconds`, with a sign every nine.
    async fn waited(seconds: u64) -> Result<(), Duration> {
        let (signs, written) = signs();
        let going_on = async {
            for _ in 0..30 {
                // tidy: sleep: the time between two signs is what is tested, on a paused clock
                sleep(Duration::from_secs(9)).await;
                written.send_modify(|place| *place += 1);
            }
        };
        // tidy: sleep: the time that it takes is what is tested, on a paused clock
        let (waited, ()) = join!(signs.wait(sleep(Duration::from_secs(seconds))), going_on);
        waited
    }

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_is_waited_for_longer_than_what_is_quiet() {
        assert_eq!(waited(50).await, Ok(()));
        assert_eq!(waited(3600).await, Err(MOST));
        let (quiet, _written) = signs();
        assert_eq!(quiet.wait(std::future::pending::<()>()).await, Err(QUIET));
    }
}
