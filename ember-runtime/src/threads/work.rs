//! Names of work, as numbers that threads can show.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use crate::{meters::Meter, sync::lock};

/// So many are told from each other in one process; what is more goes unwatched.
const MOST: usize = 1 << 16;

/// A method, hook, timer or event handler of the services of one class, in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    pub(super) number: u32,
    /// By which it is counted.
    pub(crate) meter: Meter,
}

struct Names {
    numbers: BTreeMap<&'static str, BTreeMap<String, u32>>,
    /// Number 1 comes first.
    listed: Vec<(&'static str, String)>,
}

static NAMES: Mutex<Names> = Mutex::new(Names { numbers: BTreeMap::new(), listed: Vec::new() });

thread_local! {
    /// What this thread has asked for before: hooks and timers ask each time.
    static KNOWN: RefCell<HashMap<(&'static str, &'static str), Work>> = RefCell::default();
}

impl Work {
    /// Nobody looks how long it takes.
    pub(crate) const UNWATCHED: Self = Self::numbered(0);

    pub(crate) const fn numbered(number: u32) -> Self {
        Self { number, meter: Meter::OFF }
    }

    /// The same, and it is counted.
    pub(crate) fn counted(self, meter: Meter) -> Self {
        Self { meter, ..self }
    }

    /// The same, run by its caller or by the link that brought the call.
    #[inline]
    pub(crate) const fn on_the_spot(self) -> Self {
        Self { meter: self.meter.short(), ..self }
    }

    /// That of this name of the services of a class.
    pub(crate) fn of(service: &'static str, name: &str) -> Self {
        let mut names = lock(&NAMES);
        if let Some(number) = names.numbers.get(service).and_then(|known| known.get(name)) {
            return Self::numbered(*number);
        }
        if names.listed.len() == MOST {
            return Self::UNWATCHED;
        }
        names.listed.push((service, name.to_owned()));
        let number = names.listed.len() as u32;
        names.numbers.entry(service).or_default().insert(name.to_owned(), number);
        Self::numbered(number)
    }

    /// The same, for whoever asks often.
    pub(crate) fn known(service: &'static str, name: &'static str) -> Self {
        let known = KNOWN
            .try_with(|known| *known.borrow_mut().entry((service, name)).or_insert_with(|| Self::of(service, name)));
        known.unwrap_or(Self::UNWATCHED)
    }

    /// By which it is found again.
    #[inline]
    pub(crate) const fn number(self) -> u32 {
        self.number
    }

    /// The class of the services, and the name.
    pub(crate) fn names(self) -> Option<(&'static str, String)> {
        lock(&NAMES).listed.get((self.number as usize).checked_sub(1)?).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number() {
        let work = Work::of("shop of names", "bag.rpc_drop");
        assert_eq!(work, Work::known("shop of names", "bag.rpc_drop"));
        assert_ne!(work, Work::of("shop of names", "rpc_drop"));
        assert_eq!(work.names(), Some(("shop of names", "bag.rpc_drop".into())));
        assert_eq!(Work::UNWATCHED.names(), None);
    }
}
