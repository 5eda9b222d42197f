//! The place of a trace in the world outside: who else takes part in it does not use Ember.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::beside::Extension;
use crate::message::format::CodecError;

/// To which trace a call belongs, and to which span in it, as W3C's `traceparent` says it (version 00): what a gateway got with a
/// request goes with the calls that the request causes, on whatever nodes.
///
/// Ember carries it as it carries any [`Extension`], and makes none of its own. Where each call is to have a span of its own, hooks put
/// it there: [`CallHooks`](crate::hooks::CallHooks) at the exit of a node, [`HandlerHooks`](crate::hooks::HandlerHooks) at the entry.
///
/// ```
/// use ember_runtime::message::TraceContext;
///
/// let from_a_header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let trace: TraceContext = from_a_header.parse()?;
/// assert!(trace.is_sampled());
/// assert_eq!(trace.span(), 0xb7ad_6b71_6920_3331);
/// assert_eq!(trace.to_string(), from_a_header);
/// let child = trace.child(0x0102_0304_0506_0708).expect("no span has the number 0");
/// assert_eq!(child.to_string(), "00-0af7651916cd43dd8448eb211c80319c-0102030405060708-01");
/// # Ok::<_, ember_runtime::message::CodecError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u128, u64, u8)", into = "(u128, u64, u8)")]
pub struct TraceContext {
    trace: u128,
    span: u64,
    flags: u8,
}

/// The one flag of version 00; others are not passed on, as it says.
const SAMPLED: u8 = 1;

impl Extension for TraceContext {
    const NAME: &'static str = "ember.trace";
}

impl TraceContext {
    /// `None` if one of them is 0, which stands for none.
    pub fn new(trace: u128, span: u64, sampled: bool) -> Option<Self> {
        (trace != 0 && span != 0).then_some(Self { trace, span, flags: u8::from(sampled) })
    }

    /// The same trace, where the span `span` goes on with it. `None` if that is 0.
    pub fn child(&self, span: u64) -> Option<Self> {
        (span != 0).then_some(Self { span, ..*self })
    }

    /// The number of the trace.
    pub fn trace(&self) -> u128 {
        self.trace
    }

    /// The number of the span.
    pub fn span(&self) -> u64 {
        self.span
    }

    /// Whether whoever began the trace may have recorded it.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

impl From<TraceContext> for (u128, u64, u8) {
    fn from(TraceContext { trace, span, flags }: TraceContext) -> Self {
        (trace, span, flags)
    }
}

/// What a peer says may be anything.
impl TryFrom<(u128, u64, u8)> for TraceContext {
    type Error = &'static str;

    fn try_from((trace, span, flags): (u128, u64, u8)) -> Result<Self, &'static str> {
        let read = Self::new(trace, span, false).ok_or("no trace has the number 0, and no span")?;
        Ok(Self { flags: flags & SAMPLED, ..read })
    }
}

/// As a `traceparent` header has it.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace, span, flags } = self;
        write!(f, "00-{trace:032x}-{span:016x}-{flags:02x}")
    }
}

/// Reads a `traceparent` header. Of a version after 00 what this one knows is read.
impl FromStr for TraceContext {
    type Err = CodecError;

    fn from_str(text: &str) -> Result<Self, CodecError> {
        let bad = || CodecError::new(format_args!("`{}` is no traceparent", text.escape_debug()));
        let mut parts = text.split('-');
        let mut part = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits).ok_or_else(bad)?;
            let is_hex = part.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
            is_hex.then_some(()).and_then(|()| u128::from_str_radix(part, 16).ok()).ok_or_else(bad)
        };
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let more = parts.next().is_some();
        let known = version < 0xff && !(version == 0 && more);
        let read = Self::new(trace, span as u64, false).filter(|_| known).ok_or_else(bad)?;
        Ok(Self { flags: flags as u8 & SAMPLED, ..read })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_without_a_number_is_unreadable() {
        let trace = TraceContext::new(7, 8, true).unwrap();
        let read = |bytes: &[u8]| postcard::from_bytes::<TraceContext>(bytes);
        assert_eq!(read(&postcard::to_stdvec(&trace).unwrap()), Ok(trace));
        assert!(read(&postcard::to_stdvec(&(7_u128, 0_u64, 1_u8)).unwrap()).is_err());
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        assert!(!good.parse::<TraceContext>().unwrap().is_sampled());
        let later = format!("01{}fe-more", good[2..].trim_end_matches("00"));
        assert_eq!(later.parse::<TraceContext>().unwrap().to_string(), good);
        let trace = "0".repeat(32);
        for bad in [
            "",
            "00",
            &good[1..],
            &good.to_uppercase(),
            &good.replace('b', "g"),
            &good.replace("0af", "+af"),
            &format!("{good}-more"),
            &format!("ff{}", &good[2..]),
            &format!("00-{trace}-b7ad6b7169203331-00"),
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-00",
        ] {
            assert!(bad.parse::<TraceContext>().is_err(), "{bad}");
        }
    }
}
