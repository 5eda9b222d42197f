//! Nothing: its build script is what it is for.
//!
//! With the feature `etcd`, all three crates of Ember depend on it. Cargo builds first what most waits for, and so builds this
//! before it runs the build script of the etcd client, for which fewer wait.
