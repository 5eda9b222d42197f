//! The streams of one life of a service: they end with it, wherever their senders are.

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, Weak},
};

use super::{channel::Channel, error::StreamError};
use crate::sync::lock;

/// Something that ends with a service.
trait Ends: Send + Sync {
    fn end(&self);
}

impl<T: Send> Ends for Channel<T> {
    fn end(&self) {
        Self::end(self, Err(StreamError::ServiceEnded));
    }
}

/// What the streams of one life have in common.
pub(super) struct Life {
    /// Whether the service has been cut off in the middle of something.
    is_cut: Box<dyn Fn() -> bool + Send + Sync>,
    streams: Mutex<Vec<Weak<dyn Ends>>>,
}

impl Life {
    pub(super) fn is_cut(&self) -> bool {
        (self.is_cut)()
    }

    pub(super) fn add<T: Send + 'static>(&self, stream: &Arc<Channel<T>>) {
        let mut streams = lock(&self.streams);
        // Those that have ended go whenever the list would grow.
        if streams.len() == streams.capacity() {
            // Not looked at more closely: whoever held one then could be the last, and drop its items here.
            streams.retain(|stream| stream.strong_count() > 0);
            let live = streams.len();
            streams.reserve(live.max(8));
        }
        let stream: Arc<dyn Ends> = Arc::clone(stream) as _;
        streams.push(Arc::downgrade(&stream));
    }
}

/// The streams of the present life of a service. When the last of these is dropped, they end with an error.
#[derive(Default)]
pub(crate) struct StreamsOfLife(OnceLock<Arc<Kept>>);

/// What each worker of a concurrent service has of them.
#[derive(Default)]
struct Kept(OnceLock<Arc<Life>>);

impl StreamsOfLife {
    /// The same streams once more.
    pub(crate) fn another(&self) -> Self {
        Self(OnceLock::from(Arc::clone(self.0.get_or_init(Arc::default))))
    }

    /// Of a service of which `is_cut` says whether it has been cut off.
    pub(super) fn life<F: Fn() -> bool + Send + Sync + 'static>(&self, is_cut: impl FnOnce() -> F) -> &Arc<Life> {
        let Kept(life) = &**self.0.get_or_init(Arc::default);
        life.get_or_init(|| Arc::new(Life { is_cut: Box::new(is_cut()), streams: Mutex::default() }))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let Some(life) = self.0.take() else { return };
        let streams = std::mem::take(&mut *lock(&life.streams));
        streams.iter().filter_map(Weak::upgrade).for_each(|stream| stream.end());
    }
}

impl fmt::Debug for StreamsOfLife {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamsOfLife")
    }
}
