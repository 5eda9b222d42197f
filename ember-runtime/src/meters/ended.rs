//! How handlers end.

/// How a handler has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With a value.
    Value,
    /// With its own error.
    AppError,
    /// It answers later.
    Later,
    /// It did not start after all: a hook has refused it, or there is no such module.
    NotExecuted,
    /// It panicked.
    Panicked,
    /// It was dropped before its end.
    Dropped,
}

impl Ended {
    pub(crate) const ALL: [Self; 6] =
        [Self::Value, Self::AppError, Self::Later, Self::NotExecuted, Self::Panicked, Self::Dropped];

    /// As figures name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::AppError => "app_error",
            Self::Later => "later",
            Self::NotExecuted => "not_executed",
            Self::Panicked => "panicked",
            Self::Dropped => "dropped",
        }
    }
}
