//! Who runs a handler.

use std::fmt;

use crate::id::Pid;

/// Who a service is.
pub(crate) trait Named: fmt::Debug + Send + Sync {
    fn pid(&self) -> Pid;
    fn name(&self) -> &'static str;
}
