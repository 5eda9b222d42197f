//! Work that is done once, as a whole, because its size is what is measured.

use std::time::Instant;

use crate::{Args, meter::Meter, run::Run};

/// What is done once.
pub trait Once: Send + Sized + 'static {
    /// What is made before, such as a node.
    fn prepare(args: &Args) -> impl Future<Output = Self> + Send;

    /// Does it; how many things it has made, over which the memory that it holds is divided.
    fn work(&mut self) -> impl Future<Output = usize> + Send;

    /// Waits for what follows by itself.
    fn settle(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// The whole program of a binary that does something once: prints its line, ends.
pub fn once<O: Once>(args: Args) -> ! {
    let runtime = args.runtime();
    let run = runtime.block_on(runtime.spawn(measure::<O>(args))).expect("a run that does not panic");
    run.finish()
}

async fn measure<O: Once>(args: Args) -> Run {
    let mut once = O::prepare(&args).await;
    let meter = Meter::start(args.count, None);
    let made = once.work().await;
    let worked = Instant::now();
    let measured = meter.measured();
    once.settle().await;
    let settled = worked.elapsed();
    let held = meter.stop().live / made.max(1) as f64;
    let mut run = Run::new(&args, 1, &measured);
    run.settled_ns = Some(settled.as_nanos() as f64);
    run.held_bytes = args.count.then_some(held);
    run
}
