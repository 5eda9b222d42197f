//! Whatever bytes come to a node from outside, each read by the code that reads it there: for a fuzzer.
//!
//! `tests/tests/fuzz.rs` in Ember's repository gives each a fixed number of changed inputs in every test run, and as many as you like
//! by command; `fuzz/` has the same for libFuzzer, and the corpus of both.

use crate::{call, directory, event, message, registry, replica, transport};

/// A reader of bytes that somebody else wrote.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Input {
    /// Its name, and that of the folder with its corpus.
    pub name: &'static str,
    /// Reads the bytes. Whether they were something.
    ///
    /// # Panics
    /// If there is a bug: no bytes may do that. (Also if something was left behind, or was not the same when written and read again.)
    pub read: fn(&[u8]) -> bool,
}

/// All of them.
///
/// ```
/// for input in ember_runtime::testing::inputs::ALL {
///     let was_something = (input.read)(b"nonsense");
///     println!("{}: {was_something}", input.name);
/// }
/// ```
pub const ALL: &[Input] = &[
    Input { name: "link-frame", read: transport::inputs::frame },
    Input { name: "link-handshake", read: transport::inputs::handshake },
    Input { name: "link-control", read: transport::inputs::control },
    Input { name: "registry-request", read: registry::server::inputs::request },
    Input { name: "registry-connection", read: registry::server::inputs::connection },
    #[cfg(unix)]
    Input { name: "registry-file", read: registry::kept::file },
    Input { name: "registry-entry", read: directory::inputs::entry },
    Input { name: "message-value", read: message::inputs::value },
    Input { name: "message-json", read: message::inputs::json },
    Input { name: "event-batches", read: event::inputs::batches },
    Input { name: "event-wanted", read: event::inputs::wanted },
    Input { name: "call-question", read: call::inputs::question },
    Input { name: "call-owed", read: call::inputs::owed },
    Input { name: "replica-batches", read: replica::inputs::batches },
    Input { name: "replica-answers", read: replica::inputs::answers },
    Input { name: "replica-state", read: replica::inputs::state },
    Input { name: "replica-notes", read: replica::inputs::notes },
    Input { name: "journal-file", read: replica::inputs::file },
];
