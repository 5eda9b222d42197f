//! Services in this process.

use crate::{
    Args, Workload,
    load::Load,
    meter::{self, Meter},
    run::Run,
    service::Local,
};

/// The whole program of a binary that measures a local framework on tokio: runs once, prints its line, ends.
pub fn local<L: Local>(args: Args) -> ! {
    let runtime = args.runtime();
    runtime.block_on(L::prepare(&args));
    let run = if args.workload == Workload::CallOutside {
        let wanted = args.clone();
        let starting = runtime.spawn(async move { L::start(&wanted).await });
        // This thread is none of the runtime's workers.
        runtime.block_on(async { steady(starting.await.expect("a service"), &args).await })
    } else {
        runtime.block_on(runtime.spawn(measure::<L>(args))).expect("a run that does not panic")
    };
    run.print();
    std::process::exit(0) // without taking down a hundred thousand services
}

/// The run itself, for frameworks that bring their own runtime; inside it, print what it gives.
pub async fn measure<L: Local>(args: Args) -> Run {
    match args.workload {
        Workload::Spawn => spawn::<L>(&args).await,
        _ => steady(L::start(&args).await, &args).await,
    }
}

async fn steady<L: Local>(service: L, args: &Args) -> Run {
    let load = Load::new(service.clone(), args);
    let n = load.calibrate(args).await;
    let meter = Meter::start(args.count, None);
    let (done, counted) = load.batch(n).await;
    let mut run = Run::new(args, counted, &meter.stop());
    run.lost = (args.workload == Workload::Send).then(|| 1.0 - counted as f64 / done as f64);
    run.short_path = service.short_path();
    run
}

async fn spawn<L: Local>(args: &Args) -> Run {
    for _ in 0..100 {
        L::start(args).await.sum(1, 1).await;
    }
    let mut services = Vec::with_capacity(args.spawn as usize);
    let resident = meter::resident();
    let meter = Meter::start(args.count, None);
    for _ in 0..args.spawn {
        services.push(L::start(args).await);
    }
    for service in &services {
        assert_eq!(service.sum(1, 2).await, 3);
    }
    let measured = meter.stop();
    let mut run = Run::new(args, args.spawn, &measured);
    let each = |bytes: f64| bytes / args.spawn as f64;
    // The state of the measured services is one `i64`.
    run.idle_bytes = args.count.then(|| each(measured.live) - size_of::<i64>() as f64);
    run.resident_bytes = Some(each(meter::resident() - resident));
    run
}
