//! Services from a configuration, by the names of their classes.

use ember::{Node, ServiceConfig, prelude::*};

/// Says who it is.
#[service(name = "greeter", kind = "polite")]
#[derive(Debug, Default)]
pub struct Greeter;

#[rpc]
impl Greeter {
    /// A greeting.
    pub async fn rpc_hello(&mut self) -> String {
        "hello".into()
    }
}

/// Cannot be made from nothing.
#[service(name = "needy")]
#[derive(Debug)]
pub struct Needy(#[allow(dead_code, reason = "it is there to be needed")] u32);

fn configure(json: &str) -> ember::NodeBuilder {
    Node::builder().configure(ServiceConfig::list_from_json(json).expect("a configuration"))
}

#[tokio::test]
async fn services_start_by_the_names_of_their_classes() {
    let json = r#"[{"class": "greeter", "id": "door", "tags": {"zone": "${NO_SUCH_ZONE:-eu}"}, "count": 2}]"#;
    let node = configure(json).start().await.expect("the node starts");
    let instances = node.select::<GreeterClient>().tag("zone", "eu").instances();
    let mut ids: Vec<_> = instances.iter().map(|it| it.identity().id.clone()).collect();
    ids.sort();
    assert_eq!(ids, ["door-1", "door-2"]);
    let client = node.select::<GreeterClient>().id("door-2").kind("polite").client();
    assert_eq!(client.rpc_hello().await.expect("a greeting"), "hello");
    node.shutdown().await.expect("the node ends");
}

#[tokio::test]
async fn unknown_class_is_refused_with_the_known_ones() {
    let error = configure(r#"[{"class": "greter"}]"#).start().await.unwrap_err().to_string();
    assert!(error.contains("`greter`") && error.contains("`greeter`, `needy`"), "{error}");
    assert!(error.contains("use the_library as _;"), "{error}");
}

#[tokio::test]
async fn class_without_default_is_refused_with_its_place() {
    let error = configure(r#"[{"class": "needy"}]"#).start().await.unwrap_err().to_string();
    assert!(error.contains("tests/configured.rs:") && error.contains("no `Default`"), "{error}");
}

#[tokio::test]
async fn values_that_cannot_be_are_refused_by_name() {
    for (json, named) in [
        (r#"[{"class": "greeter", "count": 4294967295}]"#, "4294967295 instances of `greeter` (`count`)"),
        (r#"[{"class": "greeter", "mailbox": 0}]"#, ".mailbox(0)"),
        (r#"[{"class": "greeter", "version": "latest"}]"#, ".version(\"latest\")"),
        (r#"[{"class": "greeter", "id": ""}]"#, ".id(\"\")"),
    ] {
        let error = configure(json).start().await.unwrap_err().to_string();
        assert!(error.contains(named), "{json}: {error}");
    }
    let none = configure(r#"[{"class": "greeter", "count": 0}]"#).start().await.expect("the node starts");
    assert!(none.view().instances().is_empty());
}
