//! Starting many services in one go.

use std::sync::Arc;

use tokio::task::yield_now;

use super::host::Services;
use crate::{
    error::{Error, Result, SpawnAllError},
    id::Pid,
    node::settings::IntoHosted,
};

/// So many are started at a time. As many entries go into one transaction of the registry.
const AT_A_TIME: usize = 100;

/// How the starts went, so far.
#[derive(Default)]
struct Outcome {
    spawned: Vec<(usize, Pid)>,
    refused: Vec<(usize, Error)>,
}

impl Outcome {
    fn note(&mut self, result: Result<Pid>) {
        let place = self.spawned.len() + self.refused.len();
        match result {
            Ok(pid) => self.spawned.push((place, pid)),
            Err(error) => self.refused.push((place, error)),
        }
    }

    fn result(self) -> Result<Vec<Pid>, SpawnAllError> {
        let Self { spawned, refused } = self;
        if refused.is_empty() {
            return Ok(spawned.into_iter().map(|(_, pid)| pid).collect());
        }
        Err(SpawnAllError { spawned, refused })
    }
}

impl Services {
    /// Starts services at run time, each as [`spawn`](Self::spawn) does: those of a batch side by side.
    pub(crate) async fn spawn_all<H: IntoHosted<Service: 'static>>(
        self: &Arc<Self>,
        services: impl Iterator<Item = H>,
    ) -> Result<Vec<Pid>, SpawnAllError> {
        let (mut outcome, mut services) = (Outcome::default(), services.fuse());
        loop {
            // First, for it is the user's, and may take its time.
            let batch: Vec<_> = services.by_ref().take(AT_A_TIME).map(IntoHosted::into_hosted).collect();
            if batch.is_empty() {
                return outcome.result();
            }
            let started: Vec<_> = {
                #[cfg(feature = "cluster")]
                let _held = self.publisher.hold();
                batch.into_iter().map(|hosted| self.launch(hosted, true)).collect()
            };
            for started in started {
                let result = match started {
                    Ok(started) => started.await,
                    Err(error) => Err(error),
                };
                outcome.note(result);
            }
            yield_now().await;
        }
    }
}
