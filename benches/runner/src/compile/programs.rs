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
    /// The line of its manifest that names the framework, if that is not Ember.
    peer: Option<&'static str>,
}

/// What is found by its path cargo builds for whoever edits it: incrementally, in many small units, whose debug information is more than twice as large. Users
/// have Ember from a registry, as they have its peers.
const AS_FROM_A_REGISTRY: &str = "\
[profile.dev.package]
ember = { incremental = false, codegen-units = 16 }
ember-runtime = { incremental = false, codegen-units = 16 }
";

impl Program {
    pub(crate) fn manifest(&self, root: &Path) -> String {
        let (name, features, root) = (self.name, self.features, root.display());
        let (framework, profile) = match self.peer {
            Some(peer) => (peer.to_owned(), ""),
            None => (format!("ember = {{ path = \"{root}/ember\", features = [{features}] }}"), AS_FROM_A_REGISTRY),
        };
        format!(
            "[workspace]\n\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             {framework}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n{profile}"
        )
    }

    /// The lock file of the versions that it is built with, from the root of the project.
    pub(crate) fn lock(&self) -> &'static str {
        if self.peer.is_some() { "benches/Cargo.lock" } else { "Cargo.lock" }
    }

    /// The same, one handler of which was edited for the `round`-th time.
    pub(crate) fn edited(&self, round: usize) -> Self {
        let source = self.source.replace("count * 7;", &format!("count * {};", 1000 + round));
        Self { source, ..*self }
    }
}

/// The program of the read-me.
pub(crate) fn hello() -> Program {
    let readme = include_str!("../../../../README.md");
    let (_, rest) = readme.split_once("```rust\n").expect("the read-me begins with a program");
    let (source, _) = rest.split_once("```").expect("it ends");
    Program {
        name: "hello",
        title: "hello, default features",
        source: source.to_owned(),
        features: "",
        judged: true,
        peer: None,
    }
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
    Program {
        name: "service",
        title: "a node without a service",
        source: WITHOUT.into(),
        features: "",
        judged: false,
        peer: None,
    }
}

/// A service of 20 methods that a node hosts.
pub(crate) fn twenty_methods() -> Program {
    Program { title: "a service of 20 methods", source: with_service(false, false), judged: true, ..without_service() }
}

/// The same, with a call of each method.
pub(crate) fn twenty_methods_called() -> Program {
    Program { title: "and a call of each", source: with_service(true, false), judged: false, ..without_service() }
}

/// The same in a folder of its own.
pub(crate) fn ember() -> Program {
    Program { name: "twenty-ember", title: "ember", source: with_service(true, false), ..without_service() }
}

/// No two of its methods take and return the same types.
pub(crate) fn ember_of_many_types() -> Program {
    let source = with_service(true, true);
    Program { title: "ember, no two methods of the same types", source, ..ember() }
}

/// The same 20 messages, each asked for.
pub(crate) fn kameo() -> Program {
    let mut source = String::from(
        "use kameo::prelude::*;\n\n#[derive(Actor, Default)]\npub struct Wide {\n    total: u64,\n}\n\n\
         #[derive(Debug, Clone)]\npub struct Item {\n    pub id: u32,\n    pub name: String,\n}\n\n#[messages]\nimpl Wide {\n",
    );
    for index in 0..20 {
        let _ = writeln!(
            source,
            "    #[message]\n    pub async fn method_{index}(&mut self, item: Item, count: u64) -> Result<u64, String> {{\n        \
             self.total += count * {index};\n        \
             if item.name.is_empty() {{ Err(item.id.to_string()) }} else {{ Ok(self.total) }}\n    }}"
        );
    }
    source.push_str(
        "}\n\n#[tokio::main]\nasync fn main() {\n    let wide = Wide::spawn(Wide::default());\n    \
         let item = Item { id: 1, name: \"one\".into() };\n",
    );
    for index in 0..20 {
        let ask = format!("wide.ask(Method{index} {{ item: item.clone(), count: 1 }}).await");
        let _ = writeln!(source, "    println!(\"{{:?}}\", {ask});");
    }
    source.push_str("}\n");
    Program { name: "twenty-kameo", title: "kameo", source, peer: Some("kameo = \"0.22.2\""), ..without_service() }
}

/// The same 20 messages, each called.
pub(crate) fn ractor() -> Program {
    let mut source = String::from(
        "use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};\n\npub struct Wide;\n\n\
         #[derive(Debug, Clone)]\npub struct Item {\n    pub id: u32,\n    pub name: String,\n}\n\npub enum Message {\n",
    );
    for index in 0..20 {
        let _ = writeln!(source, "    Method{index}(Item, u64, RpcReplyPort<Result<u64, String>>),");
    }
    source.push_str(
        "}\n\nimpl Actor for Wide {\n    type Msg = Message;\n    type State = u64;\n    type Arguments = ();\n\n    \
         async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<u64, ActorProcessingErr> {\n        Ok(0)\n    }\n\n    \
         async fn handle(&self, _: ActorRef<Message>, message: Message, total: &mut u64) -> Result<(), ActorProcessingErr> {\n        \
         match message {\n",
    );
    for index in 0..20 {
        let _ = writeln!(
            source,
            "            Message::Method{index}(item, count, reply) => {{\n                *total += count * {index};\n                \
             let result = if item.name.is_empty() {{ Err(item.id.to_string()) }} else {{ Ok(*total) }};\n                \
             drop(reply.send(result));\n            }}"
        );
    }
    source.push_str(
        "        }\n        Ok(())\n    }\n}\n\n#[tokio::main]\nasync fn main() {\n    \
         let (wide, _) = Actor::spawn(None, Wide, ()).await.expect(\"an actor\");\n    \
         let item = Item { id: 1, name: \"one\".into() };\n",
    );
    for index in 0..20 {
        let call = format!("wide.call(|reply| Message::Method{index}(item.clone(), 1, reply), None).await");
        let _ = writeln!(source, "    println!(\"{{:?}}\", {call}.is_ok());");
    }
    source.push_str("}\n");
    Program { name: "twenty-ractor", title: "ractor", source, peer: Some("ractor = \"0.16.5\""), ..without_service() }
}

fn with_service(called: bool, many_types: bool) -> String {
    let mut source = String::from(
        "use ember::prelude::*;\n\n#[service]\n#[derive(Default)]\npub struct Wide {\n    total: u64,\n}\n\n\
         #[message]\n#[derive(Debug, Clone)]\npub struct Item {\n    pub id: u32,\n    pub name: String,\n}\n\n\
         #[rpc]\nimpl Wide {\n",
    );
    for index in 0..20 {
        let size = index + 1;
        let (more, value, given) = match many_types {
            true => (format!(", _more: [u8; {size}]"), format!("[u64; {size}]"), format!("[self.total; {size}]")),
            false => (String::new(), "u64".into(), "self.total".into()),
        };
        let _ = writeln!(
            source,
            "    pub async fn rpc_method_{index}(&mut self, item: Item, count: u64{more}) -> Result<{value}, String> {{\n        \
             self.total += count * {index};\n        \
             if item.name.is_empty() {{ Err(item.id.to_string()) }} else {{ Ok({given}) }}\n    }}"
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
            let more = if many_types { format!(", [0; {}]", index + 1) } else { String::new() };
            let call = format!("wide.rpc_method_{index}(item.clone(), 1{more}).await");
            let _ = writeln!(source, "    println!(\"{{:?}}\", {call});");
        }
    }
    source.push_str("    node.shutdown().await\n}\n");
    source
}
