//! Many services on their way into a node.

use super::IntoHosted;

/// What [`spawn_all`](crate::node::Node::spawn_all) takes: services, or [`Hosted`](super::Hosted) ones, in a list or from an iterator.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of services",
    label = "several services are expected here",
    note = "give a `Vec` of them, or an iterator, `(0..100).map(|_| Counter::default())`; what they are has `#[service]`",
    note = "one service is started by `.spawn(…)`"
)]
pub trait Several {
    /// Each of them.
    type Each: IntoHosted<Service: 'static>;
    /// All of them.
    type All: Iterator<Item = Self::Each>;

    /// One after the other.
    fn all(self) -> Self::All;
}
#[diagnostic::do_not_recommend]
impl<I: IntoIterator<Item: IntoHosted<Service: 'static>>> Several for I {
    type Each = I::Item;
    type All = I::IntoIter;

    fn all(self) -> I::IntoIter {
        self.into_iter()
    }
}
