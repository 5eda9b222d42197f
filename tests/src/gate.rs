//! A door in a handler: the test sees that it was reached, and decides when it opens.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::wait::within;

/// Clones are the same door.
#[derive(Debug, Clone)]
pub struct Gate {
    reached: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { reached: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) }
    }
}

impl Gate {
    /// In the handler: tells that it is here, and waits to be let through.
    pub async fn pass(&self) {
        self.reached.add_permits(1);
        self.open.acquire().await.expect("never closed").forget();
    }

    /// In the test: waits until somebody stands at the door. Each one counts once.
    ///
    /// # Panics
    /// If nobody comes.
    pub async fn reached(&self) {
        within("a handler to reach the gate", self.reached.acquire()).await.expect("never closed").forget();
    }

    /// Lets one through, now or later.
    pub fn open(&self) {
        self.open.add_permits(1);
    }
}
