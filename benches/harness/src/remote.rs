//! A service in another process, over loopback.

use crate::{
    Args, Workload,
    load::Load,
    meter::Meter,
    run::Run,
    server::{self, Server},
    service::Remote,
};

/// The whole program of a binary that measures a remote framework: as a client it starts itself once more as the server, runs
/// once, and prints its line.
pub fn remote<R: Remote>(args: Args) -> ! {
    let runtime = args.runtime();
    if args.server.is_some() {
        server::count(args.count);
        runtime.block_on(R::serve(args));
        std::process::exit(0);
    }
    let folder = tempfile::tempdir().expect("a folder for this run");
    let server = Server::start(folder.path());
    let shared = Args { server: Some(folder.path().into()), ..args };
    let service = runtime.block_on(R::connect(shared.clone(), server.address.clone()));
    let run = runtime.block_on(runtime.spawn(measure(service, shared, server))).expect("a run that does not panic");
    run.print();
    drop(folder);
    std::process::exit(0)
}

async fn measure(service: impl Remote, args: Args, server: Server) -> Run {
    let load = Load::new(service.clone(), &args);
    let n = load.calibrate(&args).await;
    let sequential = args.in_flight == 1 && args.workload != Workload::Send;
    let meter = Meter::start(args.count, Some(&server));
    let (latencies, (done, counted)) =
        if sequential { (load.latencies(n).await, (n, n)) } else { (Vec::new(), load.batch(n).await) };
    let mut run = Run::new(&args, counted, &meter.stop());
    let at = |share: f64| latencies.get((latencies.len() as f64 * share) as usize).map(|ns| *ns as f64);
    (run.p50_ns, run.p99_ns) = (at(0.5), at(0.99));
    run.lost = (args.workload == Workload::Send).then(|| 1.0 - counted as f64 / done as f64);
    run.short_path = service.short_path();
    run
}
