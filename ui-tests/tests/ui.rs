//! Misuses that must not compile, each with one clear message at the user's own token, and unusual uses that must.
//!
//! Where the compiler's wording changes with a new toolchain: run with `TRYBUILD=overwrite`, and read the difference.

#[test]
fn misuses_are_refused_with_a_clear_message() {
    trybuild::TestCases::new().compile_fail("cases/*/fail/*.rs");
}

#[test]
fn unusual_uses_compile() {
    trybuild::TestCases::new().pass("cases/*/pass/*.rs");
}
