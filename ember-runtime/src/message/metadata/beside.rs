//! What a caller adds to its arguments, and what propagates to the calls that are made while one is handled: headers and extensions.

use std::collections::BTreeMap;

use crate::{
    error::RefusedReason,
    message::{
        codecs::{decode, encode},
        format::{CodecError, Message},
    },
};

/// A call has so many headers at most, with those of the handler that makes it.
pub(crate) const MAX_HEADERS: usize = 256;
/// And so many extensions.
pub(crate) const MAX_EXTENSIONS: usize = 32;
/// Their bytes in all.
pub(crate) const MAX_EXTENDED: usize = 8 << 10;
/// So many are named where there are too many.
const NAMED: usize = 4;

/// A type whose values travel beside the arguments of calls: `call.extension(&Trace { .. })`, read with `cx.extension::<Trace>()`. As
/// headers do, they propagate to the calls that are made while one is handled, also by services that do not know the type.
pub trait Extension: TravelsBeside {
    /// By what it is known in the cluster: another type under the same name is unreadable, at best. 1 to 255 bytes; those that begin
    /// with `ember.` are Ember's own.
    const NAME: &'static str;
}

/// What an [`Extension`] must be: a [`Message`]. Apart from it, so that the compiler has one error for a type that is none, and in these words.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel beside calls",
    label = "an extension must be serializable: put `#[message]` on `{Self}`"
)]
pub trait TravelsBeside: Sized {
    /// Appends it to `out`.
    ///
    /// # Errors
    /// It cannot be written.
    fn put(&self, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Reads one that fills `bytes`.
    ///
    /// # Errors
    /// It cannot be read.
    fn take(bytes: &[u8]) -> Result<Self, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<T: Message> TravelsBeside for T {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        encode(self, out)
    }

    fn take(bytes: &[u8]) -> Result<Self, CodecError> {
        decode(bytes)
    }
}

/// Headers and extensions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Beside {
    pub(crate) headers: BTreeMap<String, String>,
    /// Encoded.
    pub(crate) extensions: BTreeMap<String, Vec<u8>>,
    /// By extension, why it cannot travel. Then none of it does.
    pub(crate) problems: BTreeMap<&'static str, String>,
}

impl Beside {
    pub(crate) fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.extensions.is_empty() && self.problems.is_empty()
    }

    /// Adds an extension, or takes the place of the last one of its type.
    pub(crate) fn extend<E: Extension>(&mut self, extension: &E) {
        self.problems.remove(E::NAME);
        match written(extension) {
            Ok(written) => drop(self.extensions.insert(E::NAME.to_owned(), written)),
            Err(error) => {
                let text = format!("the extension `{}` could not be written: {error}", E::NAME);
                self.problems.insert(E::NAME, text);
            }
        }
    }

    /// The extension of this type, if there is one.
    pub(crate) fn extension<E: Extension>(&self) -> Result<Option<E>, CodecError> {
        self.extensions.get(E::NAME).map(|written| E::take(written)).transpose()
    }

    /// Those of a call in the place of those that it inherits.
    pub(crate) fn over(&self, inherited: &Self) -> Self {
        let mut all = inherited.clone();
        all.headers.extend(self.headers.clone());
        all.extensions.extend(self.extensions.clone());
        all.problems.clone_from(&self.problems);
        all
    }

    /// Whether both may certainly travel together.
    pub(crate) fn fits_beside(&self, other: Option<&Self>) -> bool {
        let sum = |size: fn(&Self) -> usize| size(self) + other.map_or(0, size);
        self.problems.is_empty()
            && sum(|it| it.headers.len()) <= MAX_HEADERS
            && sum(|it| it.extensions.len()) <= MAX_EXTENSIONS
            && sum(Self::extended) <= MAX_EXTENDED
    }

    /// The names of the extensions, the largest first, and how many bytes each has.
    fn named(&self) -> String {
        let mut all: Vec<_> =
            self.extensions.iter().map(|(name, written)| (name.len() + written.len(), name)).collect();
        all.sort_by(|a, b| b.cmp(a));
        let named: Vec<_> = all.iter().take(NAMED).map(|(size, name)| format!("`{name}` {size}")).collect();
        let rest = all.len().saturating_sub(NAMED);
        if rest == 0 { named.join(", ") } else { format!("{} and {rest} others", named.join(", ")) }
    }

    /// The bytes of all extensions.
    fn extended(&self) -> usize {
        self.extensions.iter().map(|(name, written)| name.len() + written.len()).sum()
    }

    /// Refuses more than may travel.
    pub(crate) fn check(&self) -> Result<(), RefusedReason> {
        if let Some(problem) = self.problems.values().next() {
            return Err(RefusedReason::TooMuchBeside(problem.clone()));
        }
        let headers = self.headers.len();
        if headers > MAX_HEADERS {
            return Err(RefusedReason::TooMuchBeside(format!(
                "{headers} headers, with those of the handler that makes the call, where {MAX_HEADERS} may be: what is for this callee \
                 only, can be an argument"
            )));
        }
        let (extensions, bytes) = (self.extensions.len(), self.extended());
        if extensions > MAX_EXTENSIONS || bytes > MAX_EXTENDED {
            return Err(RefusedReason::TooMuchBeside(format!(
                "its extensions ({}), with those of the handler that makes the call, have {bytes} bytes, where {MAX_EXTENSIONS} of \
                 {MAX_EXTENDED} bytes in all may be: what is for this callee only, can be an argument",
                self.named()
            )));
        }
        Ok(())
    }
}

fn written<E: Extension>(extension: &E) -> Result<Vec<u8>, CodecError> {
    const { assert!(matches!(E::NAME.len(), 1..=255), "the NAME of an `ember::Extension` has 1 to 255 bytes") };
    let mut written = Vec::new();
    extension.put(&mut written)?;
    Ok(written)
}
