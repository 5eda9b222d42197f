//! What a builder says of a cluster where links are not built in: it does not compile, and names the feature.

use std::time::Duration;

use crate::node::life::builder::NodeBuilder;
use crate::{
    net::Endpoint,
    registry::{Linked, LinksAreBuiltIn, Registry},
};

impl NodeBuilder {
    /// Does not compile while the feature `cluster` is off.
    pub fn registry(self, _: impl Registry + Linked) -> Self {
        self
    }

    /// Does not compile while the feature `cluster` is off.
    pub fn listen<'a>(self, _: Endpoint) -> Self
    where
        Self: LinksAreBuiltIn<'a>,
    {
        self
    }

    /// Does not compile while the feature `cluster` is off.
    pub fn advertise<'a>(self, _: Endpoint) -> Self
    where
        Self: LinksAreBuiltIn<'a>,
    {
        self
    }

    /// Does not compile while the feature `cluster` is off.
    pub fn lease<'a>(self, _: Duration) -> Self
    where
        Self: LinksAreBuiltIn<'a>,
    {
        self
    }

    /// Does not compile while the feature `cluster` is off.
    pub fn max_message<'a>(self, _: usize) -> Self
    where
        Self: LinksAreBuiltIn<'a>,
    {
        self
    }
}
