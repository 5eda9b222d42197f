//! Who runs a handler.

use std::fmt;

use crate::id::Pid;

/// Who a service is.
pub(crate) trait Named: fmt::Debug + Send + Sync {
    fn pid(&self) -> Pid;
    fn name(&self) -> &'static str;
    /// As whom it waits for calls that its handlers make.
    fn link(&self) -> Pid {
        self.pid()
    }
}
