//! The protocol, step by step and at random.
