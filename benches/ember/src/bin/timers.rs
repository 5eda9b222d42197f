//! What a crowd of timers costs, beside as many of tokio's sleeping tasks, each in a process of its own: `cargo run --release
//! --manifest-path benches/Cargo.toml -p bench-ember --bin timers -- 1000000 30` (how many, and over how many seconds they are due).
//! Making one is measured in CPU time of the thread that does it.

use std::{
    env, fs,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use ember::{TimerHandle, prelude::*};
use rustix::time::{ClockId, clock_gettime};
use tokio::time::sleep;

/// Lateness of each that came, in microseconds.
static LATE: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static CAME: AtomicUsize = AtomicUsize::new(0);

fn came(due: Instant) {
    let late = Instant::now().checked_duration_since(due).expect("none is early");
    LATE.lock().expect("nobody panics").push(late.as_micros() as u32);
    CAME.fetch_add(1, Relaxed);
}

#[service]
#[derive(Default)]
struct Crowd {
    handles: Vec<TimerHandle>,
}

#[rpc]
impl Crowd {
    /// Makes timers, and says how many nanoseconds each took.
    #[rpc(timeout = "600s")]
    async fn api_make(&mut self, cx: &mut Cx<'_, Self>, count: u64, spread: u64) -> f64 {
        let begun = used();
        for number in 0..count {
            let delay = delay(number, spread);
            let due = Instant::now() + delay;
            cx.after(delay, move |_, _| came(due));
        }
        each(begun, count)
    }

    /// Makes timers for tomorrow, and cancels them: nanoseconds for making one, and for cancelling it.
    #[rpc(timeout = "600s")]
    async fn api_cancel(&mut self, cx: &mut Cx<'_, Self>, count: u64) -> (f64, f64) {
        self.handles.reserve(count as usize);
        let begun = used();
        for number in 0..count {
            let delay = Duration::from_secs(86_400) + delay(number, 3_600);
            let due = Instant::now() + delay;
            self.handles.push(cx.after(delay, move |_, _| came(due)));
        }
        let made = each(begun, count);
        let begun = used();
        self.handles.iter().for_each(TimerHandle::cancel);
        let cancelled = each(begun, count);
        self.handles = Vec::new();
        (made, cancelled)
    }
}

/// When a timer is due: at least a second from now, then at any microsecond within so many seconds.
fn delay(number: u64, spread: u64) -> Duration {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    Duration::from_secs(1) + Duration::from_micros(mixed % (spread * 1_000_000))
}

/// CPU time of this thread, in nanoseconds: others may use the machine too.
fn used() -> f64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as f64 * 1e9 + used.tv_nsec as f64
}

fn each(begun: f64, count: u64) -> f64 {
    (used() - begun) / count as f64
}

/// Memory of this process, in bytes.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/statm").expect("Linux");
    status.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).expect("a number of pages") * 4096.0
}

/// Prints a line: bytes and nanoseconds of each, and lateness.
async fn report(name: &str, count: u64, (bytes, armed): (f64, f64)) {
    while CAME.load(Relaxed) < count as usize {
        sleep(Duration::from_millis(100)).await;
    }
    let mut late = std::mem::take(&mut *LATE.lock().expect("nobody panics"));
    late.sort_unstable();
    assert_eq!(late.len(), count as usize, "each came once");
    let at = |share: f64| f64::from(late[((late.len() - 1) as f64 * share) as usize]) / 1e3;
    println!("{name:<22} {bytes:>8.0} {armed:>8.0} {:>10.2} {:>10.2} {:>10.2}", at(0.5), at(0.99), at(1.0));
}

async fn ember(count: u64, spread: u64) -> ember::Result<()> {
    LATE.lock().expect("nobody panics").reserve_exact(count as usize);
    let node = Node::builder().service(Crowd::default()).start().await?;
    let crowd = node.local::<Crowd>();
    let before = resident();
    let armed = crowd.api_make(count, spread).await?;
    report("Ember: cx.after", count, ((resident() - before) / count as f64, armed)).await;
    let before = resident();
    let (made, cancelled) = crowd.api_cancel(count).await?;
    let left = (resident() - before) / count as f64;
    println!(
        "{:<22} {left:>8.0} {made:>8.0} {cancelled:>10.0} ns to cancel; bytes: what is left of each then",
        "  kept, cancelled"
    );
    node.shutdown().await
}

async fn tokio(count: u64, spread: u64) {
    LATE.lock().expect("nobody panics").reserve_exact(count as usize);
    let before = resident();
    let begun = used();
    for number in 0..count {
        let delay = delay(number, spread);
        let due = Instant::now() + delay;
        tokio::spawn(async move {
            sleep(delay).await;
            came(due);
        });
    }
    let armed = each(begun, count);
    // Each takes its place in tokio's wheel when it is first polled.
    sleep(Duration::from_millis(900)).await;
    report("tokio: spawn, sleep", count, ((resident() - before) / count as f64, armed)).await;
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |place: usize, default: u64| arguments.get(place).and_then(|it| it.parse().ok()).unwrap_or(default);
    let (count, spread) = (number(0, 1_000_000), number(1, 30));
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match arguments.get(2).map(String::as_str) {
        Some("ember") => runtime().expect("a runtime").block_on(ember(count, spread)).expect("the node lives"),
        Some(_) => runtime().expect("a runtime").block_on(tokio(count, spread)),
        None => {
            println!("{count} timers, due within {spread} s; two workers\n");
            println!("{:<22} {:>8} {:>8} {:>10} {:>10} {:>10}", "", "bytes", "ns", "late: p50", "p99", "max, ms");
            for which in ["ember", "tokio"] {
                let program = env::current_exe().expect("this program");
                let status = Command::new(program).args([&count.to_string(), &spread.to_string(), which]).status();
                assert!(status.expect("it starts").success());
            }
        }
    }
}
