//! What `cargo xtask codegen` makes of `ember-runtime/proto/link.proto`; nothing but this file is written by hand.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unnameable_types,
    dead_code,
    clippy::allow_attributes_without_reason,
    reason = "generated code is as its generator makes it, and its servers and clients are not all used"
)]

pub(crate) mod link_v1;
