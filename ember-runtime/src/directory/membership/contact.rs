//! Whether the registry answers, for all who depend on it.

use tokio::sync::watch;

use crate::registry::RegistryError;

/// What the follower knows of the registry.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    /// Why the view may not be that of the registry; nothing if it is.
    pub(crate) trouble: Option<RegistryError>,
    /// How often since the first contact the registry was away, or had lost this node.
    pub(crate) outages: u64,
}

impl Contact {
    /// Nothing was heard yet.
    pub(crate) fn none() -> watch::Sender<Self> {
        watch::Sender::new(Self { trouble: Some(RegistryError::Unavailable("no answer".into())), outages: 0 })
    }

    pub(crate) fn is_good(&self) -> bool {
        self.trouble.is_none()
    }
}
