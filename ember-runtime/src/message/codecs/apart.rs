//! Where codecs of users write: into memory of their own, so that nothing that one does with it (clear it, cut it, put another in its
//! place, panic in the middle) harms what others have written.

use std::{any::type_name, cell::Cell};

use super::codec::Codec;
use crate::{
    message::format::{CodecError, room},
    panics::attempt,
};

/// More is not kept for the next value.
const KEPT: usize = 64 << 10;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Appends what `C` makes of `value` to `out`, which `C` does not see. On an error nothing is appended.
pub(crate) fn append<C: Codec<T>, T>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    // Within another codec there is nothing here, nor on a thread that ends.
    let mut bytes = SPARE.try_with(Cell::take).unwrap_or_default();
    bytes.clear();
    attempt(|| C::encode(value, &mut bytes)).unwrap_or_else(|panic| Err(panicked::<C, T>("wrote", &panic)))?;
    room::extend(out, &bytes).map_err(CodecError::unwritable::<T>)?;
    if (1..=KEPT).contains(&bytes.capacity()) {
        let _ended = SPARE.try_with(|spare| spare.set(bytes));
    }
    Ok(())
}

/// Reads what [`append`] wrote.
pub(crate) fn read<C: Codec<T>, T>(bytes: &[u8]) -> Result<T, CodecError> {
    attempt(|| C::decode(bytes)).unwrap_or_else(|panic| Err(panicked::<C, T>("read", &panic)))
}

#[cold]
fn panicked<C, T>(did: &str, panic: &dyn std::fmt::Display) -> CodecError {
    let (codec, value) = (type_name::<C>(), type_name::<T>());
    CodecError::new(format_args!("the codec `{codec}` panicked as it {did} `{value}`: {panic}"))
}
