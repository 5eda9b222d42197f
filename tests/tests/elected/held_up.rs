//! A master whose node does not get on: not dead, and of no use. On real time, as long as the limit is.

use std::sync::{Mutex, mpsc};

use ember_tests::{cluster::Cluster, wait::within};
use tokio::{
    runtime::Builder,
    time::{Instant, timeout},
};

use super::*;

/// Its handler holds up the thread that it runs on until the test lets it go.
#[service(elected)]
pub struct Heavy {
    go: Arc<Mutex<mpsc::Receiver<()>>>,
}

#[rpc]
impl Heavy {
    #[rpc(timeout = "120s")]
    pub async fn rpc_hold(&mut self) -> u64 {
        let _gone = self.go.lock().unwrap().recv();
        1
    }

    #[rpc(read)]
    pub async fn rpc_is_master(&self, cx: &mut Cx<'_, Self>) -> bool {
        cx.role() == Role::Master
    }

    pub async fn rpc_act(&mut self) -> u64 {
        2
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_whose_workers_are_held_up_for_half_a_minute_gives_up_its_office() {
    let (cluster, (let_go, go)) = (Cluster::default(), mpsc::channel());
    let go = Arc::new(Mutex::new(go));
    let heavy = || Heavy { go: Arc::clone(&go) };
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // A lease that no other load makes it lose.
    let first = cluster.node("first").lease(Duration::from_secs(10)).service(heavy());
    let first = runtime.spawn(first.start()).await.unwrap().unwrap();
    let second = cluster.node("second").start().await.unwrap();
    let leads = async |name: &'static str| {
        let leads = second.wait_for_view(|view| {
            view.instances().iter().any(|it| it.role() == Some(Role::Master) && it.node().name == name)
        });
        timeout(Duration::from_secs(90), leads).await.expect("a master");
    };
    leads("first").await;
    let heir = second.spawn(Hosted::new(heavy()).register()).await.unwrap();

    let began = Instant::now();
    let held = tokio::spawn(second.client::<HeavyClient>().rpc_hold().into_future());
    leads("second").await;
    let took = began.elapsed();
    assert!(took > Duration::from_secs(29), "it was given up after {took:?}");
    assert_eq!(within("the next master", second.client::<HeavyClient>().rpc_act()).await, Ok(2));
    let lost = within("its caller to be told", held).await.unwrap();
    assert!(matches!(lost, Err(CallError::MaybeExecuted(_))), "{lost:?}");
    let_go.send(()).unwrap();
    // It takes part again, and acts no more.
    let own = runtime.spawn(async move {
        let is_master = first.local::<Heavy>().rpc_is_master().await;
        (is_master, first)
    });
    let (is_master, first) = within("it to go on", own).await.unwrap();
    assert_eq!(is_master, Ok(false));
    assert_eq!(second.select::<HeavyClient>().instances()[0].pid(), heir);
    within("the end", runtime.spawn(async move { first.shutdown().await })).await.unwrap().unwrap();
    second.shutdown().await.unwrap();
    runtime.shutdown_background();
}
