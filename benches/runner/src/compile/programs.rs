//! What is built.

use std::{fmt::Write as _, path::Path};

pub(crate) struct Program {
    /// Of the crate, and of its folder.
    pub(crate) name: &'static str,
    /// In the table.
    pub(crate) title: &'static str,
    pub(crate) source: String,
    features: &'static str,
    /// A bar is about this one.
    pub(crate) judged: bool,
}

impl Program {
    pub(crate) fn manifest(&self, root: &Path) -> String {
        let (name, features, root) = (self.name, self.features, root.display());
        format!(
            "[workspace]\n\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             ember = {{ path = \"{root}/ember\", features = [{features}] }}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n"
        )
    }
}

/// The program of the read-me.
pub(crate) fn hello() -> Program {
    let readme = include_str!("../../../../README.md");
    let (_, rest) = readme.split_once("```rust\n").expect("the read-me begins with a program");
    let (source, _) = rest.split_once("```").expect("it ends");
    Program { name: "hello", title: "hello, default features", source: source.to_owned(), features: "", judged: true }
}

/// The same program where it could be in a cluster.
pub(crate) fn hello_in_a_cluster() -> Program {
    Program { name: "hello-etcd", title: "hello, feature `etcd`", features: "\"etcd\"", judged: false, ..hello() }
}

const WITHOUT: &str = "\
use ember::prelude::*;

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().start().await?;
    node.shutdown().await
}
";

/// A node without a service: what the others are compared with.
pub(crate) fn without_service() -> Program {
    Program { name: "service", title: "a node without a service", source: WITHOUT.into(), features: "", judged: false }
}

/// A service of 20 methods that a node hosts.
pub(crate) fn twenty_methods() -> Program {
    Program { title: "a service of 20 methods", source: with_service(false), judged: true, ..without_service() }
}

/// The same, with a call of each method.
pub(crate) fn twenty_methods_called() -> Program {
    Program { title: "and a call of each", source: with_service(true), judged: false, ..without_service() }
}

fn with_service(called: bool) -> String {
    let mut source = String::from(
        "use ember::prelude::*;\n\n#[service]\n#[derive(Default)]\npub struct Wide {\n    total: u64,\n}\n\n\
         #[message]\n#[derive(Debug, Clone)]\npub struct Item {\n    pub id: u32,\n    pub name: String,\n}\n\n\
         #[rpc]\nimpl Wide {\n",
    );
    for index in 0..20 {
        let _ = writeln!(
            source,
            "    pub async fn rpc_method_{index}(&mut self, item: Item, count: u64) -> Result<u64, String> {{\n        \
             self.total += count * {index};\n        \
             if item.name.is_empty() {{ Err(item.id.to_string()) }} else {{ Ok(self.total) }}\n    }}"
        );
    }
    source.push_str(
        "}\n\n#[tokio::main]\nasync fn main() -> ember::Result<()> {\n    \
         let node = Node::builder().service(Wide::default()).start().await?;\n",
    );
    if called {
        source.push_str(
            "    let wide = node.client::<WideClient>();\n    let item = Item { id: 1, name: \"one\".into() };\n",
        );
        for index in 0..20 {
            let _ = writeln!(source, "    println!(\"{{:?}}\", wide.rpc_method_{index}(item.clone(), 1).await);");
        }
    }
    source.push_str("    node.shutdown().await\n}\n");
    source
}
