//! Whole attributes on token streams: what the errors say, and that the item comes back.
