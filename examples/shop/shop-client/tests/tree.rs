//! What the client is built from.

use std::process::Command;

#[test]
fn client_is_built_without_the_server() {
    let done = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", "shop-client", "--edges", "normal,build", "--prefix", "none"])
        .output()
        .expect("cargo runs, since it runs this test");
    let tree = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "`cargo tree` failed: {}", String::from_utf8_lossy(&done.stderr));
    assert!(tree.lines().any(|line| line.starts_with("shop-api ")), "the client has the contract:\n{tree}");
    assert!(!tree.contains("shop-server"), "the client does not link the server:\n{tree}");
}
