//! Every way to call, as one script over three services on two nodes: zero, fixed and many arguments, results, errors,
//! one-way, callback, many targets, a module's method, a remote sum.

mod services;

use std::time::Duration;

use ember::{prelude::*, registry::InProcess};
use services::{Service1, Service1Client, Service2, Service2Client, Service3, Service3Client, SumReq};

#[tokio::main]
async fn main() -> ember::Result<()> {
    // Two nodes in one process, over a registry in this process; the calls between them go over a real connection.
    let registry = InProcess::default();
    let one = Node::builder().name("one").registry(registry.clone()).service(Service1::default()).start().await?;
    let two = Node::builder()
        .name("two")
        .registry(registry)
        .service(Hosted::new(Service2::default()).id("a"))
        .service(Hosted::new(Service2::default()).id("b"))
        .service(Service3::default())
        .start()
        .await?;
    one.wait_for_view(|view| view.instances().len() == 4).await;

    let svc2 = one.client::<Service2Client>();
    println!("no arguments      rpc_ping()           = {}", svc2.rpc_ping().await?);
    println!("a message         rpc_sum(1, 2)        = {}", svc2.rpc_sum(SumReq { a: 1, b: 2 }).await?);
    println!(
        "many arguments    rpc_join(…)          = {}",
        svc2.rpc_join("a".into(), 1, true, vec![2, 3], None).await?
    );
    println!("a result          rpc_divide(7, 2)     = {}", svc2.rpc_divide(7, 2).await?);
    match svc2.rpc_divide(7, 0).await {
        Err(CallError::App(error)) => println!("an error          rpc_divide(7, 0)     : {error}"),
        other => println!("an error          rpc_divide(7, 0)     : {other:?}?"),
    }
    match svc2.rpc_wait(1000).timeout(Duration::from_millis(50)).await {
        Err(error) => println!("a time-out        rpc_wait(1000)       : {error}"),
        Ok(()) => println!("a time-out        rpc_wait(1000)       : did not happen?"),
    }

    let svc3 = one.client::<Service3Client>();
    for n in 1..=10 {
        svc3.rpc_count(n).send()?;
    }
    println!("one way, ten of them, then a call:      {}", svc3.rpc_total().await?);

    let all = one.select::<Service2Client>().all();
    for (pid, answer) in all.rpc_ping().await {
        println!("many targets      {pid} says {:?}", answer?);
    }
    println!("many, one way     sent to {}", all.rpc_note("hello".into()).send().sent);

    println!("a module's method bag().rpc_put(…)     = {}", svc3.bag().rpc_put("rope".into()).await?);

    // Service1 calls the others itself, and gets the answer through its own mailbox.
    let svc1 = one.client::<Service1Client>();
    svc1.rpc_ask(20, 22).await?;
    let answer = loop {
        if let Some(answer) = svc1.rpc_answer().await? {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    println!("callback          rpc_ask(20, 22)      : {answer}");
    println!("remote sum        rpc_remote_sum(3, 4) = {}", svc1.rpc_remote_sum(3, 4).await?);
    println!("only on its node  api_calls()          = {}", two.local::<Service3>().api_calls().await?);

    two.shutdown().await?;
    match svc2.rpc_ping().await {
        Err(error) => println!("nobody left       rpc_ping()           : {error}"),
        Ok(answer) => println!("nobody left       rpc_ping()           = {answer}?"),
    }
    one.shutdown().await
}
