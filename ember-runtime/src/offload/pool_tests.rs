//! A pool of its own, without services.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    task::yield_now,
    time::{Instant, timeout},
};
use tracing::Span;

use super::{
    key::Line,
    owner::Ends,
    piece::{By, Piece, Run},
    pool::Pool,
    settings::Offload,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// What pieces say.
type Told = mpsc::Receiver<String>;

fn line(key: u64) -> Option<Line> {
    Some(Line::Keyed { service: 1, key })
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "gave up waiting for {what}");
        thread::yield_now();
    }
}

fn said(told: &Told) -> String {
    told.recv_timeout(PATIENCE).expect("somebody says what becomes of a piece")
}

/// A piece that says what becomes of it.
fn piece(of: &Ends, tell: &mpsc::Sender<String>, name: &'static str, run: Run<()>) -> Piece {
    let (by, tell) = (By { service: "clerk", method: "rpc_file" }, tell.clone());
    Piece::new(run, (of.owner(), by, Span::none()), move |outcome| tell.send(format!("{name} {outcome:?}")).unwrap())
}

fn blocking(work: impl FnOnce() + Send + 'static) -> Run<()> {
    Run::Blocking(Box::new(work))
}

#[test]
fn what_one_key_says_is_in_order_on_many_threads_and_nothing_of_it_is_left() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let _runtime = runtime.enter();
    let pool = Pool::new(Offload::default().threads(8).waiting(100_000), runtime.handle().clone(), true);
    let (ends, log) = (Ends::new(None, pool.weak()), Arc::<Mutex<Vec<_>>>::default());
    for number in 0..400 {
        for key in 0..5 {
            let (works, told) = (Arc::clone(&log), Arc::clone(&log));
            let work = move || works.lock().unwrap().push((key, number, "work"));
            let run = if number % 2 == 0 {
                blocking(work)
            } else {
                Run::Async(Box::pin(async move {
                    yield_now().await;
                    work();
                }))
            };
            let by = By { service: "clerk", method: "rpc_file" };
            let tell = move |_| told.lock().unwrap().push((key, number, "told"));
            pool.put(line(key), Piece::new(run, (ends.owner(), by, Span::none()), tell));
        }
    }
    until("the last piece", || pool.counts().done == 2000);
    for (key, what) in (0..5).flat_map(|key| [(key, "work"), (key, "told")]) {
        let log = log.lock().unwrap();
        let of_key = log.iter().filter(|(of, _, is)| (*of, *is) == (key, what)).map(|(_, number, _)| *number);
        assert!(of_key.eq(0..400), "{what} of {key}");
    }
    let counts = pool.counts();
    assert_eq!((counts.keys, counts.waiting, counts.running, counts.futures), (0, 0, 0, 0));
    assert!(counts.threads <= 8, "{counts:?}");
}

#[tokio::test]
async fn what_has_not_begun_ends_with_its_owner_and_the_rest_with_the_pool() {
    let pool = Pool::new(Offload::default().threads(1).waiting(4), Handle::current(), true);
    let [(go_on, gate), (end, last_gate)] = [mpsc::channel::<()>(), mpsc::channel()];
    let (tell, told) = mpsc::channel();
    let (one, other) = (Ends::new(None, pool.weak()), Ends::new(None, pool.weak()));
    let held = |gate: mpsc::Receiver<()>| {
        let tell = tell.clone();
        blocking(move || {
            tell.send("begun".into()).unwrap();
            gate.recv().unwrap();
        })
    };
    pool.put(line(1), piece(&one, &tell, "held", held(gate)));
    assert_eq!(said(&told), "begun");
    pool.put(line(2), piece(&other, &tell, "panics", blocking(|| panic!("no"))));
    for _ in 0..2 {
        pool.put(line(1), piece(&one, &tell, "waits", blocking(|| panic!("it is not run"))));
    }
    pool.put(line(1), piece(&other, &tell, "hot", blocking(|| ())));
    assert_eq!(said(&told), "hot Err(KeyFull { waiting: 2 })");
    pool.put(None, piece(&other, &tell, "alone", blocking(|| ())));
    pool.put(None, piece(&other, &tell, "late", blocking(|| ())));
    assert_eq!(said(&told), "late Err(Full { waiting: 4, running: 1 })");
    drop(one);
    assert_eq!(pool.counts().waiting, 2);
    go_on.send(()).unwrap();
    assert_eq!([said(&told), said(&told)], ["panics Err(Panicked(\"no\"))", "alone Ok(())"], "nobody else is told");
    until("an idle pool", || pool.counts().keys == 0);

    pool.put(line(1), piece(&other, &tell, "runs", held(last_gate)));
    pool.put(line(1), piece(&other, &tell, "waits", blocking(|| panic!("it is not run"))));
    assert_eq!(said(&told), "begun");
    assert_eq!(pool.at_work(), [("clerk", "rpc_file")]);
    assert!(timeout(Duration::from_millis(1), pool.at_rest()).await.is_err());
    pool.close();
    assert_eq!([said(&told), said(&told)], ["runs Err(Closed)", "waits Err(Closed)"]);
    end.send(()).unwrap();
    timeout(PATIENCE, pool.at_rest()).await.expect("it cannot be stopped, and ends by itself");
    until("the end of the thread", || pool.counts().threads == 0);
    pool.put(line(1), piece(&other, &tell, "later", blocking(|| ())));
    assert_eq!(said(&told), "later Err(Closed)");
    drop(other);
    let counts = pool.counts();
    assert_eq!((counts.done, counts.panicked, counts.refused, counts.dropped), (3, 1, 2, 2));
    assert_eq!(Arc::strong_count(&pool), 1, "nothing holds it");
}

#[tokio::test]
async fn a_future_is_dropped_when_its_owner_ends() {
    struct Gone(mpsc::Sender<String>);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.send("gone".into()).unwrap();
        }
    }
    let pool = Pool::new(Offload::default(), Handle::current(), true);
    let (tell, told) = mpsc::channel();
    let (ends, gone) = (Ends::new(None, pool.weak()), Gone(tell.clone()));
    let future = async move {
        let _gone = gone;
        std::future::pending().await
    };
    pool.put(line(1), piece(&ends, &tell, "future", Run::Async(Box::pin(future))));
    yield_now().await;
    drop(ends);
    while pool.counts().keys > 0 {
        yield_now().await;
    }
    assert_eq!((said(&told).as_str(), told.try_recv().is_err()), ("gone", true), "nobody is told");
}

/// One by one, and no deeper and deeper: there are many.
#[test]
fn a_runtime_that_ends_takes_all_along_that_wait_for_it() {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (tell, told) = mpsc::channel();
    let pool = runtime.block_on(async {
        let pool = Pool::new(Offload::default().threads(1).waiting(50_000), Handle::current(), false);
        let ends = Ends::new(None, pool.weak());
        for _ in 0..10_000 {
            pool.put(None, piece(&ends, &tell, "waits", blocking(|| panic!("no task of it has run"))));
        }
        // It would end them.
        std::mem::forget(ends);
        pool
    });
    drop(runtime);
    assert!(told.try_iter().all(|said| said.starts_with("waits Err(NoThread")));
    let counts = pool.counts();
    assert_eq!((counts.keys, counts.dropped), (0, 10_000));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_paused_stands_while_a_thread_is_at_work() {
    let pool = Pool::new(Offload::default(), Handle::current(), true);
    let (begun, ends) = (Instant::now(), Ends::new(None, pool.weak()));
    let (tell, told) = tokio::sync::oneshot::channel();
    // tidy: sleep: work that takes a while
    let run = blocking(|| thread::sleep(Duration::from_millis(50)));
    let by = By { service: "clerk", method: "rpc_file" };
    pool.put(None, Piece::new(run, (ends.owner(), by, Span::none()), move |outcome| drop(tell.send(outcome))));
    timeout(Duration::from_secs(5), told).await.expect("in time").unwrap().unwrap();
    assert_eq!((begun.elapsed(), pool.counts().threads), (Duration::ZERO, 0));
}
