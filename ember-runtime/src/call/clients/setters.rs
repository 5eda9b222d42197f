//! What can be said of a call before it is made, of one instance or of many.

/// The methods that set it, for a type with a `change` of its request. `retry` and `key` are not among them: what the compiler says of a policy
/// that it does not take, or of a key that the contract names, would speak of this macro.
macro_rules! setters {
    ($call:ident) => {
        impl<M: Method> $call<M> {
            /// Waits this long at most for the result, or for each. Zero is no time for anything: nothing is sent, and the call is
            /// `NotExecuted(Expired)`, also one that is sent one way. Otherwise that does not look at its time-out: nobody waits for it.
            ///
            /// The clock is looked at where a call waits: in a mailbox, for a link, on the way to another node, for its answer. A handler
            /// that its caller runs on the spot is not kept from running by a time-out of less than a call takes (some nanoseconds):
            /// that would cost every call a look at the clock. Such a call may run here, and be `NotExecuted(Expired)` if its service
            /// is busy or on another node. Nor is a handler interrupted that blocks its thread: where its caller runs it on the
            /// spot, the caller has its result when it returns, however late.
            pub fn timeout(self, timeout: ::std::time::Duration) -> Self {
                self.change(|request| request.options.set_timeout(timeout))
            }

            /// Sets a header. The callee reads it with `cx.header(…)`, and passes it on with the calls it makes. A call has at most 256,
            /// with those that the handler that makes it passes on; with more it is `NotExecuted(TooMuchBeside)`, wherever it goes.
            pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.change(|request| request.options.set_header(name.into(), value.into()))
            }

            /// Gives it an [`Extension`](crate::message::Extension), in the place of the last one of its type. The callee reads it with
            /// `cx.extension::<…>()`, and passes it on with the calls it makes. A call has at most 32, of 8 KiB in all; with more, or if
            /// it cannot be written, it is `NotExecuted(TooMuchBeside)`.
            pub fn extension(self, extension: &impl $crate::message::Extension) -> Self {
                self.change(|request| request.options.set_extension(extension))
            }
        }
    };
}

pub(super) use setters;
