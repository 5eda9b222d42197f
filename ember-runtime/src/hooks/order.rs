//! Hooks of one scope, in their order, and how they are asked.

use std::{any::type_name, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Band, Denied};
use crate::{
    error::{Error, RefusedReason},
    panics::attempt,
};

/// A reason has so many characters at most: it travels to whoever is refused.
const MAX_REASON: usize = 1024;

/// What stands for a reason that is empty.
const NO_REASON: &str = "it gives no reason";

/// Those of one scope, the outermost first. Most often there are none, which shows at one look.
pub(crate) struct Ordered<H: ?Sized>(Option<Arc<Vec<Hook<H>>>>);

struct Hook<H: ?Sized> {
    pub(super) hooks: Box<H>,
    band: Band,
    /// It wants to know how long things took.
    timed: bool,
    /// That of its type, for messages.
    name: &'static str,
}

impl<H: ?Sized> Ordered<H> {
    pub(crate) const NONE: Self = Self(None);

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Adds those of the type `T`, after the others of their band.
    pub(crate) fn add<T>(&mut self, hooks: Box<H>, band: Band, timed: bool) {
        let mut all = self.0.take().and_then(Arc::into_inner).unwrap_or_default();
        let at = all.partition_point(|other| other.band <= band);
        all.insert(at, Hook { hooks, band, timed, name: type_name::<T>() });
        self.0 = Some(Arc::new(all));
    }

    fn all(&self) -> &[Hook<H>] {
        self.0.as_ref().map_or(&[], |all| all)
    }

    /// Now, if one of them wants to know how long things take.
    pub(super) fn now(&self) -> Option<Instant> {
        self.all().iter().any(|hook| hook.timed).then(Instant::now)
    }

    /// Asks one after the other, until one refuses. How many have let it pass, and who refused.
    pub(crate) fn ask(&self, mut ask: impl FnMut(&H) -> Result<(), Denied>) -> (usize, Option<Veto>) {
        for (passed, Hook { hooks, name, .. }) in self.all().iter().enumerate() {
            let Denied(reason) = match attempt(|| ask(hooks)) {
                Ok(Ok(())) => continue,
                Ok(Err(Denied(reason))) if reason.trim().is_empty() => Denied(NO_REASON.into()),
                Ok(Err(Denied(reason))) => Denied(reason.chars().take(MAX_REASON).collect()),
                Err(panic) => {
                    tracing::error!(target: "ember::hooks", hook = name, %panic, "it panicked, and what it was asked for is refused");
                    Denied(format!("it panicked: {panic}").chars().take(MAX_REASON).collect())
                }
            };
            return (passed, Some(Veto { by: name, reason }));
        }
        (self.all().len(), None)
    }

    /// Tells the first `asked` what comes after, in the reverse order.
    pub(crate) fn tell_after(&self, asked: usize, mut tell: impl FnMut(&H)) {
        tell_each(self.all().iter().take(asked).rev(), |hook| tell(&hook.hooks));
    }

    /// The same, with how long it took since `began` for those who want to know.
    pub(super) fn tell_time(&self, asked: usize, began: Option<Instant>, mut tell: impl FnMut(&H, Option<Duration>)) {
        let took = began.map(|began| began.elapsed());
        tell_each(self.all().iter().take(asked).rev(), |hook| tell(&hook.hooks, took.filter(|_| hook.timed)));
    }

    /// Tells all, in their order.
    pub(crate) fn tell(&self, mut tell: impl FnMut(&H)) {
        tell_each(self.all().iter(), |hook| tell(&hook.hooks));
    }
}

fn tell_each<'a, H: ?Sized + 'a>(hooks: impl Iterator<Item = &'a Hook<H>>, mut tell: impl FnMut(&Hook<H>)) {
    for hook in hooks {
        if let Err(panic) = attempt(|| tell(hook)) {
            tracing::error!(target: "ember::hooks", hook = hook.name, %panic, "it panicked as it was told");
        }
    }
}

/// By whom something was refused, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Veto {
    pub(crate) by: &'static str,
    pub(crate) reason: String,
}

impl From<Veto> for RefusedReason {
    fn from(Veto { by, reason }: Veto) -> Self {
        Self::Denied { by: by.into(), reason }
    }
}

impl From<Veto> for Error {
    fn from(Veto { by, reason }: Veto) -> Self {
        Self::Denied { by: by.into(), reason }
    }
}

impl<H: ?Sized> Default for Ordered<H> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<H: ?Sized> Clone for Ordered<H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    trait Spoken: Send + Sync {
        fn word(&self) -> &'static str;
    }

    impl Spoken for &'static str {
        fn word(&self) -> &'static str {
            self
        }
    }

    fn spoken(words: &[(&'static str, Band)]) -> Ordered<dyn Spoken> {
        let mut all = Ordered::<dyn Spoken>::default();
        words.iter().for_each(|&(word, band)| all.add::<&str>(Box::new(word), band, false));
        all
    }

    const WORDS: [(&str, Band); 5] = [
        ("inner", Band::Inner),
        ("first", Band::Middle),
        ("outer", Band::Outer),
        ("second", Band::Middle),
        ("outer too", Band::Outer),
    ];

    #[test]
    fn they_are_asked_by_bands_then_as_they_were_added_and_told_in_reverse() {
        let all = spoken(&WORDS);
        let heard = Mutex::new(Vec::new());
        let hear = |word: &'static str| heard.lock().unwrap().push(word);
        let (passed, refusal) = all.ask(|it| {
            hear(it.word());
            Ok(())
        });
        assert_eq!((passed, refusal), (5, None));
        all.tell_after(passed, |it| hear(it.word()));
        let order = ["outer", "outer too", "first", "second", "inner"];
        let expected: Vec<_> = order.into_iter().chain(order.into_iter().rev()).collect();
        assert_eq!(heard.into_inner().unwrap(), expected);
    }

    #[test]
    fn those_behind_one_that_refuses_are_neither_asked_nor_told() {
        let all = spoken(&WORDS);
        let (passed, refusal) = all.ask(|it| if it.word() == "first" { Err("no".into()) } else { Ok(()) });
        assert_eq!(refusal, Some(Veto { by: "&str", reason: "no".into() }));
        let heard = Mutex::new(Vec::new());
        all.tell_after(passed, |it| heard.lock().unwrap().push(it.word()));
        assert_eq!(heard.into_inner().unwrap(), ["outer too", "outer"]);
    }

    #[test]
    fn one_that_panics_refuses_before_and_keeps_no_other_from_hearing_after() {
        let all = spoken(&WORDS);
        let (passed, refusal) = all.ask(|it| if it.word() == "second" { panic!("oh") } else { Ok(()) });
        assert_eq!((passed, refusal.map(|it| it.reason)), (3, Some("it panicked: oh".into())));
        let heard = Mutex::new(Vec::new());
        all.tell_after(5, |it| match it.word() {
            "second" => panic!("oh"),
            word => heard.lock().unwrap().push(word),
        });
        assert_eq!(heard.into_inner().unwrap(), ["inner", "first", "outer too", "outer"]);
    }

    #[test]
    fn there_are_none_at_first() {
        let none = Ordered::<dyn Spoken>::default();
        assert!(none.is_empty() && none.ask(|_| Err("no".into())) == (0, None));
    }
}
