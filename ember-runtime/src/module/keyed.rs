//! Modules that are added and released at run time, each under a key.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt, mem,
    sync::Arc,
};

use crate::{
    actor::{Changes, ModuleBusy, NotEntered, Unit, note_change},
    error::InsertError,
    message::{KeyReader, Keys, Lifespan, Message, unusable_key},
    panics::drop_each,
};

/// What modules can stand under: ordered, so that they are visited in the same order on every run, and able to travel, since
/// callers on other nodes name it. Whatever fits implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a module",
    label = "a key is `Ord`, `Clone`, `Debug` and `Sync`, and can travel",
    note = "whole numbers, `bool`, `char` and `String` can, and tuples of them; floating point has no order and cannot; on your own type put `#[message]` and `#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]`"
)]
pub trait ModuleKey: Message + Ord + Clone + fmt::Debug + Sync {}
#[diagnostic::do_not_recommend]
impl<K: Message + Ord + Clone + fmt::Debug + Sync> ModuleKey for K {}

/// Modules under keys, mounted as a field: `#[module] bags: Modules<u32, Bag>`. They come and go while the service runs; each
/// can do what a [`Module`](super::Module) can. Callers reach one by `client.bags().key(7).rpc_drop(item)`; a key under which
/// nothing stands is `NotExecuted(NoModule)`.
///
/// # Lifespan
/// What a handler has inserted is started when that handler has ended, before the next message: `init`, `start`, then
/// `started`, timers and events, the owner before the modules within it. What it has [released](Modules::release) is
/// stopped then: the modules within it first, then it is dropped. Modules that are there when the service starts are
/// started after it, and all are stopped before it. A module whose `start` fails is removed, and the failure logged; during the
/// start of the service it fails that start.
///
/// Timers, event subscriptions and callbacks belong to a module, not to its key: they end with it, and do not go over to
/// another one that takes the key.
///
/// # While a module's own handler runs
/// The module is then not in its place, because its parent is lent to that handler. Through the parent,
/// [`get`](Modules::get) panics for its key, naming the module, and [`try_get`](Modules::try_get) returns an error; the
/// iterators pass over it; it may be released or replaced, and then ends when the handler has.
pub struct Modules<K, T> {
    entries: BTreeMap<K, Entry<T>>,
    /// To be stopped.
    leaving: VecDeque<(K, Entry<T>)>,
    /// Under these stand some that were not started.
    fresh: BTreeSet<K>,
    /// Whether some may wait to be started or stopped.
    changed: bool,
}

struct Entry<T> {
    /// `None` while lent.
    module: Option<Box<T>>,
    life: Arc<Lifespan>,
    started: bool,
}

impl<K: Ord, T> Modules<K, T> {
    /// None yet.
    pub fn new() -> Self {
        Self { entries: BTreeMap::new(), leaving: VecDeque::new(), fresh: BTreeSet::new(), changed: false }
    }

    fn change(&mut self) {
        self.changed = true;
        note_change();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether one stands under the key.
    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.entries.contains_key(key)
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    /// The modules, in the order of their keys. One whose own handler is running is passed over.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.entries.iter().filter_map(|(key, entry)| Some((key, entry.module.as_deref()?)))
    }

    /// The modules, mutably, in the order of their keys. One whose own handler is running is passed over.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut T)> {
        self.entries.iter_mut().filter_map(|(key, entry)| Some((key, entry.module.as_deref_mut()?)))
    }
}

impl<K: ModuleKey, T: Unit> Modules<K, T> {
    /// Adds a module. It can be used at once, and is started when the running handler has ended. One that stood under the
    /// key comes back, as from [`remove`](Modules::remove).
    ///
    /// # Panics
    /// If nobody could call the module under that key. [`try_insert`](Self::try_insert) returns an error then: for keys that come
    /// from elsewhere.
    #[track_caller]
    pub fn insert(&mut self, key: K, module: T) -> Option<T> {
        match self.try_insert(key, module) {
            Ok(before) => before,
            Err(error) => panic!("{error}; `try_insert` gives such keys back"),
        }
    }

    /// Adds a module, as [`insert`](Self::insert) does.
    ///
    /// # Errors
    /// Nobody could call it under that key; key and module come back, and what stands there stays:
    /// - The key has more than 4 KiB as it travels. (All keys on the way of a call to a module within another one's have 4 KiB
    ///   together: calls with more are refused as `TooMuchBeside`.)
    /// - It cannot be written at all.
    /// - In debug builds and in simulations: a key of this type is read as another one than was written, so that callers would
    ///   reach another module. `#[message]` types that compile are not; what is wrong is mostly an attribute of serde.
    pub fn try_insert(&mut self, key: K, module: T) -> Result<Option<T>, InsertError<K, T>> {
        if let Some(why) = unusable_key(&key) {
            let why = format!("no module `{}` can stand under such a key: {why}", T::NAME);
            return Err(InsertError::new(key, module, why));
        }
        // The user's code: if it panics, nothing has happened.
        let fresh = key.clone();
        let before = self.remove(&key);
        self.change();
        let entry = Entry { module: Some(Box::new(module)), life: Lifespan::new(), started: false };
        self.fresh.insert(fresh);
        self.entries.insert(key, entry);
        Ok(before)
    }

    /// Takes a module out. Its timers and event subscriptions end; its `stop` does not run, since it is yours now: use
    /// [`release`](Modules::release) to let it end by itself.
    ///
    /// `None` if there is none, or if one of its own handlers is running: then it is released.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<T>
    where
        K: Borrow<Q>,
    {
        let (key, mut entry) = self.take_out(key)?;
        let module = entry.module.take();
        if module.is_none() {
            self.leaving.push_back((key, entry));
            self.change();
        }
        module.map(|module| *module)
    }

    /// Lets a module end: it cannot be reached any more, its `stop` runs when the running handler has ended, then it is
    /// dropped. `false` if there is none.
    pub fn release<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let Some(gone) = self.take_out(key) else { return false };
        self.leaving.push_back(gone);
        self.change();
        true
    }

    fn take_out<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, Entry<T>)>
    where
        K: Borrow<Q>,
    {
        let (key, entry) = self.entries.remove_entry(key)?;
        self.fresh.remove(key.borrow());
        Some((key, entry))
    }

    /// The module under the key.
    ///
    /// # Panics
    /// While one of the module's own handlers runs.
    #[track_caller]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.try_get(key).unwrap_or_else(|busy| panic!("{busy}"))
    }

    /// The module under the key, mutably.
    ///
    /// # Panics
    /// While one of the module's own handlers runs.
    #[track_caller]
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut T>
    where
        K: Borrow<Q>,
    {
        self.try_get_mut(key).unwrap_or_else(|busy| panic!("{busy}"))
    }

    /// The module under the key.
    ///
    /// # Errors
    /// [`ModuleBusy`] while one of the module's own handlers runs.
    pub fn try_get<Q: Ord + ?Sized>(&self, key: &Q) -> Result<Option<&T>, ModuleBusy>
    where
        K: Borrow<Q>,
    {
        let Some(entry) = self.entries.get(key) else { return Ok(None) };
        entry.module.as_deref().ok_or(ModuleBusy { module: T::NAME }).map(Some)
    }

    /// The module under the key, mutably.
    ///
    /// # Errors
    /// [`ModuleBusy`] while one of the module's own handlers runs.
    pub fn try_get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Result<Option<&mut T>, ModuleBusy>
    where
        K: Borrow<Q>,
    {
        let Some(entry) = self.entries.get_mut(key) else { return Ok(None) };
        entry.module.as_deref_mut().ok_or(ModuleBusy { module: T::NAME }).map(Some)
    }

    /// Lends a module to one of its handlers.
    pub(super) fn lend(&mut self, key: &K, reader: &mut KeyReader<'_>) -> Result<(Box<T>, Arc<Lifespan>), NotEntered> {
        let here = self.entries.get_mut(key).filter(|entry| reader.wants(&entry.life).unwrap_or(true));
        let entry = match here {
            Some(entry) => entry,
            None => {
                let leaving = self.leaving.iter_mut().map(|(_, entry)| entry);
                let mut leaving = leaving.filter(|entry| reader.wants(&entry.life).unwrap_or(false));
                leaving.next().ok_or_else(|| NotEntered::Absent { module: T::NAME, key: format!("{key:?}") })?
            }
        };
        reader.enter(&entry.life);
        let module = entry.module.take().ok_or(ModuleBusy { module: T::NAME })?;
        Ok((module, Arc::clone(&entry.life)))
    }

    /// Puts a lent module back, wherever its place is now; without a place it ends here.
    pub(super) fn put_back(&mut self, key: &K, life: &Arc<Lifespan>, module: Box<T>) {
        let here = self.entries.get_mut(key).filter(|entry| Arc::ptr_eq(&entry.life, life));
        let mut leaving = self.leaving.iter_mut().map(|(_, entry)| entry);
        if let Some(entry) = here.or_else(|| leaving.find(|entry| Arc::ptr_eq(&entry.life, life))) {
            entry.module = Some(module);
        }
    }

    /// Whether any may have been added or released since the last time.
    pub(super) fn has_changed(&self) -> bool {
        self.changed
    }

    /// Visits all that are in their places, those that leave included.
    pub(super) fn each(&mut self, visit: &mut dyn FnMut(&K, &Arc<Lifespan>, &mut T)) {
        let leaving = self.leaving.iter_mut().map(|(key, entry)| (&*key, entry));
        for (key, Entry { module, life, .. }) in self.entries.iter_mut().chain(leaving) {
            if let Some(module) = module {
                visit(key, life, module);
            }
        }
    }

    /// What was added and released since the last time. Runs no code of the user's but that of keys.
    pub(super) fn changes(&mut self, owner: &Keys) -> Changes {
        let mut changes = Changes::default();
        if !mem::take(&mut self.changed) {
            return changes;
        }
        let (leaving, unused): (_, VecDeque<_>) =
            mem::take(&mut self.leaving).into_iter().partition(|(_, entry)| entry.started);
        self.leaving = leaving;
        changes.unused = unused.into_iter().map(|unused| Box::new(unused) as _).collect();
        changes.released.extend(self.leaving.iter().map(|(key, entry)| owner.and(key).of(&entry.life)));
        for key in mem::take(&mut self.fresh) {
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.started = true;
                changes.added.push(owner.and(&key).of(&entry.life));
            }
        }
        changes
    }

    /// All, those that leave included.
    pub(super) fn all(&self, owner: &Keys) -> Vec<Keys> {
        let leaving = self.leaving.iter().map(|(key, entry)| (key, entry));
        self.entries.iter().chain(leaving).map(|(key, entry)| owner.and(key).of(&entry.life)).collect()
    }

    /// Takes all for added now.
    pub(super) fn renew(&mut self) {
        for entry in self.entries.values_mut() {
            entry.life = Lifespan::new();
            entry.started = false;
        }
        self.fresh = self.entries.keys().cloned().collect();
        self.changed = true;
    }

    /// Drops the module with this life. When many end they do so in their order: each is the first, and not searched for.
    pub(super) fn discard(&mut self, life: &Arc<Lifespan>) {
        let is = |entry: &Entry<T>| Arc::ptr_eq(&entry.life, life);
        if self.leaving.front().is_some_and(|(_, entry)| is(entry)) {
            drop(self.leaving.pop_front());
        } else if let Some(first) = self.entries.first_entry().filter(|first| is(first.get())) {
            let (key, entry) = first.remove_entry();
            self.fresh.remove(&key);
            drop(entry);
        } else {
            self.leaving.retain(|(_, entry)| !is(entry));
            self.entries.retain(|_, entry| !is(entry));
            self.fresh.retain(|key| self.entries.contains_key(key));
        }
    }
}

/// Modules are the user's. If several panic as they are dropped, the first panic is the one that counts: another one on its way would
/// end the process.
impl<K, T> Drop for Modules<K, T> {
    fn drop(&mut self) {
        let leaving = mem::take(&mut self.leaving).into_iter().map(|(_, entry)| entry);
        drop_each(leaving.chain(mem::take(&mut self.entries).into_values()));
    }
}

impl<K: Ord, T> Default for Modules<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, T: fmt::Debug> fmt::Debug for Modules<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.iter().map(|(key, entry)| (key, entry.module.as_deref()));
        f.debug_map().entries(entries).finish()
    }
}
