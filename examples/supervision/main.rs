//! Supervision and watch: a worker that panics is started again with its queue, and a foreman hears of those that end.

use std::time::Duration;

use ember::prelude::*;
use tokio::sync::mpsc;
use tracing_subscriber::filter::LevelFilter;

/// Its state is made anew by the factory after each panic.
#[service]
#[derive(Default)]
pub struct Worker {
    done: u32,
}

#[rpc]
impl Worker {
    #[on(start)]
    fn start(&mut self, cx: &mut Cx<'_, Self>) {
        println!("  worker {}: starts", cx.pid().number);
    }

    /// Does a job; returns how many it has done in this life.
    pub async fn rpc_work(&mut self, hard: bool) -> u32 {
        assert!(!hard, "this job was too hard");
        self.done += 1;
        self.done
    }

    /// Answers when there is nobody left to wait for: the service is free meanwhile.
    pub async fn rpc_rest(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<String> {
        let (deferred, replier) = cx.defer();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            replier.reply("rested".into());
        });
        deferred
    }
}

#[service]
pub struct Foreman {
    news: mpsc::Sender<Down>,
}

#[rpc]
impl Foreman {
    /// Starts a worker, and watches it. It may be started again twice a minute.
    pub async fn rpc_hire(&mut self, cx: &mut Cx<'_, Self>) -> Pid {
        let worker = Hosted::with(Worker::default).budget(2, Duration::from_secs(60));
        let pid = cx.spawn(worker).await.expect("a worker starts");
        cx.watch(pid);
        pid
    }

    #[on(down)]
    async fn gone(&mut self, down: &Down) {
        println!("  foreman: worker {} is gone: {}", down.pid.number, down.reason);
        let _ = self.news.send(down.clone()).await;
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    // What Ember logs, panics and restarts among it, is seen by a subscriber only.
    tracing_subscriber::fmt().without_time().with_max_level(LevelFilter::WARN).init();
    std::panic::set_hook(Box::new(|panic| println!("  (a panic, at {})", panic.location().expect("it has a place"))));
    let (news, mut ends) = mpsc::channel(8);
    let node = Node::builder().service(Foreman { news }).start().await?;
    let foreman = node.client::<ForemanClient>();

    println!("a worker panics; the jobs behind the panic wait for its next life");
    let pid = foreman.rpc_hire().await?;
    let worker = node.select::<WorkerClient>().pid(pid).client();
    worker.rpc_work(false).await?;
    let (hard, next) = tokio::join!(worker.rpc_work(true), worker.rpc_work(false));
    println!("  the hard job:  {}", hard.expect_err("it panics"));
    println!("  the job after: done, number {} of a new life", next?);
    println!("  a deferred reply: {}", worker.rpc_rest().await?);

    println!("it panics too often");
    for _ in 0..2 {
        let _ = worker.rpc_work(true).await;
    }
    let down = ends.recv().await.expect("the foreman hears of it");
    assert_eq!((down.pid, down.reason), (pid, DownReason::Failed));

    println!("another one is stopped");
    let pid = foreman.rpc_hire().await?;
    node.stop(pid);
    let down = ends.recv().await.expect("the foreman hears of it");
    assert_eq!((down.pid, down.reason), (pid, DownReason::Stopped));
    node.shutdown().await
}
