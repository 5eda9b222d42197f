//! An elected service: whether its state is replicated, the compiler finds out.

#[service(elected)]
pub struct Ledger;
