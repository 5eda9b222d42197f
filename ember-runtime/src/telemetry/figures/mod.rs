//! What a node has done and what it is at, as figures with names. They are read when somebody asks; nothing is gathered meanwhile.

mod calls;
mod cluster;
mod handlers;
mod process;
mod services;
mod work;
mod writer;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text::encode},
    registry::Registry,
};
use std::fmt;

use self::writer::Writer;
use crate::node::Node;

/// The content type of [`text`].
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All figures of a node, as text.
pub(super) fn text(node: &Node) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(All(node.clone())));
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = encode(&mut text, &registry);
    text
}

#[derive(Debug)]
struct All(Node);

impl Collector for All {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (Self(node), mut writer) = (self, Writer::new(encoder));
        handlers::write(node, &mut writer)?;
        calls::write(node, &mut writer)?;
        services::write(node, &mut writer)?;
        cluster::write(node, &mut writer)?;
        work::write(node, &mut writer)?;
        process::write(&mut writer)
    }
}
