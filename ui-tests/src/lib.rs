//! Nothing but tests: see `tests/ui.rs` and the folder `cases`.
