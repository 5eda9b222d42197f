//! The spans that are open on this thread, for tests whose runtime has one thread.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer, Registry,
    filter::FilterFn,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

/// Records spans, and within which of them something is logged under the target `test`, while it lives.
#[derive(Debug)]
pub struct Spans {
    log: Arc<Mutex<Log>>,
    _guard: DefaultGuard,
}

#[derive(Debug, Default)]
struct Log {
    open: BTreeMap<u64, String>,
    said: Vec<(String, String)>,
}

impl Spans {
    /// Records everything from now on, on this thread.
    pub fn here() -> Self {
        Self::filtered(|_| true)
    }

    /// The same, but for spans that are not `wanted`.
    pub fn filtered(wanted: fn(&Metadata<'_>) -> bool) -> Self {
        let log = Arc::<Mutex<Log>>::default();
        let filter = FilterFn::new(move |metadata| {
            let ours = ["test", "ember::handler"].contains(&metadata.target());
            ours && *metadata.level() <= Level::INFO && wanted(metadata)
        });
        let subscriber = Registry::default().with(filter).with(Recorder(Arc::clone(&log)));
        Self { log, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// What was logged since this was last asked, and the spans around it, outermost first: `outer > handler m`.
    pub fn said(&self) -> Vec<(String, String)> {
        std::mem::take(&mut locked(&self.log).said)
    }

    /// The spans that are still open.
    pub fn open(&self) -> Vec<String> {
        locked(&self.log).open.values().cloned().collect()
    }
}

fn locked(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Recorder(Arc<Mutex<Log>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, _: Context<'_, S>) {
        let mut label = attributes.metadata().name().to_owned();
        attributes.record(&mut Handler(&mut label));
        locked(&self.0).open.insert(id.into_u64(), label);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut log = locked(&self.0);
        let scope = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
        let around: Vec<_> = scope.filter_map(|span| log.open.get(&span.id().into_u64()).cloned()).collect();
        let mut text = String::new();
        event.record(&mut Message(&mut text));
        log.said.push((text, around.join(" > ")));
    }

    fn on_close(&self, id: span::Id, _: Context<'_, S>) {
        locked(&self.0).open.remove(&id.into_u64());
    }
}

/// Adds the service and the method of a handler.
struct Handler<'a>(&'a mut String);

impl Visit for Handler<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if ["service", "method"].contains(&field.name()) {
            self.0.push(if field.name() == "method" { '.' } else { ' ' });
            self.0.push_str(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

struct Message<'a>(&'a mut String);

impl Visit for Message<'_> {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        let _infallible = fmt::write(self.0, format_args!("{value:?}"));
    }
}
