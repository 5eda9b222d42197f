//! How the arguments and the result of a method become bytes.

use crate::message::{
    codecs::{Coding, take_all},
    format::{self, CodecError},
    schema::Signature,
    streams::{Station, StreamOf},
};

/// How the arguments and the result of a method become bytes, and the signature that both sides compare before any do.
pub struct Wire<A, V, E> {
    pub(crate) put_args: fn(&A, &mut Vec<u8>) -> Result<(), CodecError>,
    pub(crate) get_args: fn(&[u8]) -> Result<A, CodecError>,
    value: Coding<V>,
    error: Coding<E>,
    signature: fn() -> &'static Signature,
    /// If the value is a stream.
    stream: Option<StreamOf<V>>,
}

impl<A, V, E> Wire<A, V, E> {
    /// The tuple of the arguments as told, the rest by their codings. The macros give a coding per type, so that the
    /// compiler points at a type that cannot travel.
    pub const fn new(
        put_args: fn(&A, &mut Vec<u8>) -> Result<(), CodecError>,
        get_args: fn(&[u8]) -> Result<A, CodecError>,
        value: Coding<V>,
        error: Coding<E>,
        signature: fn() -> &'static Signature,
    ) -> Self {
        Self { put_args, get_args, value, error, signature, stream: None }
    }

    /// The same, of a method whose value is a stream.
    #[must_use]
    pub const fn streaming(mut self, stream: StreamOf<V>) -> Self {
        self.stream = Some(stream);
        self
    }

    /// Whether the value is a stream.
    #[inline]
    pub(crate) fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// The value is about to leave for another node.
    ///
    /// # Errors
    /// If it is a stream, and there are too many.
    #[inline]
    pub(crate) fn lend(&self, value: &mut V) -> Result<(), CodecError> {
        self.stream.as_ref().map_or(Ok(()), |stream| (stream.lend)(value))
    }

    /// The value has come from another node.
    #[inline]
    pub(crate) fn adopt(&self, value: &mut V, station: impl FnOnce() -> Station) {
        if let Some(stream) = &self.stream {
            (stream.adopt)(value, &station());
        }
    }

    /// The signature; made once per process.
    pub(crate) fn signature(&self) -> &'static Signature {
        (self.signature)()
    }

    /// Whether the arguments would arrive as what they are, where the compiler does not see to it. Runs code of the user's.
    ///
    /// # Errors
    /// If they would not; in debug builds and simulations only.
    #[inline]
    pub(crate) fn check_args(&self, args: &A) -> Result<(), CodecError> {
        if format::CHECKED && self.signature().is_opaque() {
            return format::check(|| (self.put_args)(args, &mut Vec::new()));
        }
        Ok(())
    }

    /// The same for what the method returned.
    #[inline]
    pub(crate) fn check_result(&self, result: Result<&V, &E>) -> Result<(), CodecError> {
        if format::CHECKED && self.signature().is_opaque() {
            return format::check(|| match result {
                Ok(value) => self.put_value(value, &mut Vec::new()),
                Err(error) => self.put_error(error, &mut Vec::new()),
            });
        }
        Ok(())
    }

    pub(crate) fn put_value(&self, value: &V, out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.value.put(value, out)
    }

    pub(crate) fn get_value(&self, bytes: &[u8]) -> Result<V, CodecError> {
        take_all(bytes, |bytes| self.value.take(bytes))
    }

    pub(crate) fn put_error(&self, error: &E, out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.error.put(error, out)
    }

    pub(crate) fn get_error(&self, bytes: &[u8]) -> Result<E, CodecError> {
        take_all(bytes, |bytes| self.error.take(bytes))
    }
}

impl<A, V, E> std::fmt::Debug for Wire<A, V, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire({} -> {})", std::any::type_name::<A>(), std::any::type_name::<Result<V, E>>())
    }
}
