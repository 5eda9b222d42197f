//! What the runtime logs: on this thread, for tests whose runtime has one, or on all.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::DefaultGuard,
};

/// Keeps what Ember logs while it lives: warnings and errors, or more.
#[derive(Debug)]
pub struct Logged {
    lines: Arc<Mutex<Vec<String>>>,
    _guard: Option<DefaultGuard>,
}

impl Logged {
    /// Starts listening, on this thread.
    pub fn here() -> Self {
        Self::at(Level::WARN)
    }

    /// The same, down to this level.
    pub fn at(level: Level) -> Self {
        // As long as there is only one listener, whether a line is wanted is asked once, of the thread that comes to it first:
        // that may be one of another test.
        static ANOTHER: OnceLock<tracing::Dispatch> = OnceLock::new();
        ANOTHER.get_or_init(|| tracing::Dispatch::new(Lines(Arc::default(), Level::TRACE)));
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let guard = tracing::subscriber::set_default(Lines(Arc::clone(&lines), level));
        Self { lines, _guard: Some(guard) }
    }

    /// The warnings and errors of all threads of the process from now on.
    ///
    /// # Panics
    /// If somebody listens so already.
    pub fn everywhere() -> Self {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let listener = Lines(Arc::clone(&lines), Level::WARN);
        tracing::subscriber::set_global_default(listener).expect("to be the only one");
        Self { lines, _guard: None }
    }

    /// The lines so far: level, message and fields.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Lines(Arc<Mutex<Vec<String>>>, Level);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("ember") && *metadata.level() <= self.1
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = event.metadata().level().to_string();
        event.record(&mut Fields(&mut line));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _infallible = write!(self.0, " {field}={value:?}");
    }
}
