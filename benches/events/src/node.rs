//! Ember: a node in each process.
pub(crate) async fn publisher(_: &str) { println!("here"); println!("begin"); println!("1 1"); std::future::pending().await }
pub(crate) async fn subscribers(_: &str) {}
