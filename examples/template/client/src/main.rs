//! Counts the words of its command line: `cargo run -p counter-client -- apples pears apples`.

#[tokio::main]
async fn main() -> ember::Result<()> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let node = counter_api::cluster()?.start().await?;
    let counted = counter_client::count(&node, &names).await;
    node.shutdown().await?;
    println!("the last one was counted {} times", counted?);
    Ok(())
}
