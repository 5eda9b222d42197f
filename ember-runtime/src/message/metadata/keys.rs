//! The keys on the way to a module that was added at run time, and the life of such a module.

use std::{
    any::Any,
    fmt,
    sync::{Arc, Mutex, OnceLock, Weak},
};

use crate::message::{
    codecs::encode,
    format::{self, Message, Unwritten, check_key, put_within},
};

use crate::{panics::Each, sync::lock};

/// No key on the way to a module is longer than this, in bytes, all of them together.
pub(crate) const MAX_KEYS: usize = 4096;

/// Why nobody could call what stands under this key, if that is so.
pub(crate) fn unusable_key<K: Message>(key: &K) -> Option<String> {
    if let Err(error) = check_key(key) {
        return Some(error.to_string());
    }
    let mut bytes = Vec::new();
    let written = put_within(MAX_KEYS, &mut bytes, &mut |out| encode(key, out));
    match written {
        Ok(()) if bytes.len() <= MAX_KEYS => None,
        Ok(()) | Err(Unwritten::TooLarge) => {
            Some(format!("it has more than {MAX_KEYS} bytes, which no call can name: use a shorter one"))
        }
        Err(Unwritten::Panicked) => Some("it panicked when it was written".into()),
        Err(Unwritten::Refused(error)) => Some(error.to_string()),
    }
}

/// The keys on the way to a unit, outermost first. Empty for all units that are fields: then it costs nothing.
#[derive(Clone, Default)]
pub struct Keys(Option<Box<Way>>);

#[derive(Clone, Default)]
struct Way {
    /// The keys in postcard, one after the other.
    bytes: Arc<[u8]>,
    /// The modules that the keys stood for. What a module has made itself (timers, callbacks) is for that one, and not for
    /// another that has taken its key since. Empty for calls: they are for whoever stands there.
    modules: Vec<Weak<Lifespan>>,
}

impl Keys {
    /// No keys.
    pub(crate) const NONE: Self = Self(None);

    /// The same way, and one key further.
    pub(crate) fn and<K: Message>(&self, key: &K) -> Self {
        let mut bytes = self.bytes().to_vec();
        if let Err(error) = check_key(key).and_then(|()| encode(key, &mut bytes)) {
            // Whoever is asked finds too few keys, and refuses.
            tracing::warn!(target: "ember::call", %error, "a module's key could not be written");
        }
        let modules = self.0.as_ref().map_or_else(Vec::new, |way| way.modules.clone());
        Self(Some(Box::new(Way { bytes: bytes.into(), modules })))
    }

    /// As they came over a link.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self((!bytes.is_empty()).then(|| Box::new(Way { bytes: bytes.into(), modules: Vec::new() })))
    }

    /// Whether there are none.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// As they travel.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |way| &way.bytes)
    }

    /// The same, for exactly this module at the end.
    pub(crate) fn of(mut self, module: &Arc<Lifespan>) -> Self {
        if let Some(way) = &mut self.0 {
            way.modules.push(Arc::downgrade(module));
        }
        self
    }

    /// The same, for exactly these modules.
    pub(crate) fn found(&mut self, modules: Vec<Weak<Lifespan>>) {
        if let Some(way) = &mut self.0 {
            way.modules = modules;
        }
    }

    /// The life of the module at the end, if these are for a certain one.
    pub(crate) fn last(&self) -> Option<&Weak<Lifespan>> {
        self.0.as_ref()?.modules.last()
    }

    /// The same, as long as it lasts.
    pub(crate) fn life(&self) -> Option<Arc<Lifespan>> {
        self.last()?.upgrade()
    }

    #[inline]
    pub(crate) fn reader(&self) -> KeyReader<'_> {
        let wanted = self.0.as_ref().map_or(&[][..], |way| &way.modules);
        KeyReader { rest: self.bytes(), wanted, found: Vec::new() }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.bytes()).finish()
    }
}

/// Hands out the keys on the way to a unit, one after the other, and notes which modules were found.
#[derive(Debug)]
pub struct KeyReader<'a> {
    rest: &'a [u8],
    wanted: &'a [Weak<Lifespan>],
    found: Vec<Weak<Lifespan>>,
}

impl KeyReader<'_> {
    /// The next key; `None` if there is none, or none of that type.
    pub(crate) fn next<K: Message>(&mut self) -> Option<K> {
        format::read(&mut self.rest).ok()
    }

    /// Whether the module that is next must be a certain one, and then whether it is this.
    pub(crate) fn wants(&self, life: &Arc<Lifespan>) -> Option<bool> {
        self.wanted.get(self.found.len()).map(|wanted| std::ptr::eq(wanted.as_ptr(), Arc::as_ptr(life)))
    }

    /// Notes that this module was found.
    pub(crate) fn enter(&mut self, life: &Arc<Lifespan>) {
        self.found.push(Arc::downgrade(life));
    }

    #[inline]
    pub(crate) fn into_found(self) -> Vec<Weak<Lifespan>> {
        self.found
    }
}

/// The life of a service or of a module under a key. What depends on it ends when it is dropped.
pub(crate) struct Lifespan {
    attached: Mutex<Each<Box<dyn Any + Send>>>,
    /// What keeps its timers, when it has made some.
    timers: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Lifespan {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { attached: Mutex::default(), timers: OnceLock::new() })
    }

    /// Keeps `thing` for as long as the life lasts.
    pub(crate) fn attach(&self, thing: Box<dyn Any + Send>) {
        lock(&self.attached).push(thing);
    }

    /// What of this type is kept for as long as the life lasts: there is one, made for whoever asks first.
    pub(crate) fn share<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut attached = lock(&self.attached);
        if let Some(there) = attached.iter().find_map(|thing| thing.downcast_ref::<Arc<T>>()) {
            return Arc::clone(there);
        }
        let made = Arc::new(make());
        attached.push(Box::new(Arc::clone(&made)));
        made
    }

    /// What keeps its timers; `make` makes it, the first time. `None` if that was of another type.
    pub(crate) fn timers<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.timers.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

impl fmt::Debug for Lifespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lifespan")
    }
}
