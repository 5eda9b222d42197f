//! The process, as Prometheus' own clients name it. Of Linux: elsewhere there is nothing of it.

use std::fmt;

use super::writer::Writer;

#[cfg(not(target_os = "linux"))]
pub(super) fn write(_: &mut Writer<'_>) -> fmt::Result {
    Ok(())
}

#[cfg(target_os = "linux")]
pub(super) fn write(writer: &mut Writer<'_>) -> fmt::Result {
    if let Some(Stat { ticks, threads, resident_pages }) = Stat::read() {
        let seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        writer.seconds_total(
            "process_cpu_seconds",
            "CPU time of the process, of the user's and the system's",
            seconds,
        )?;
        let bytes = resident_pages as f64 * rustix::param::page_size() as f64;
        writer.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM", bytes)?;
        writer.gauge("process_threads", "Threads of the process", threads as f64)?;
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        // One of them is that of the folder.
        writer.gauge("process_open_fds", "Open files and sockets", open.count().saturating_sub(1) as f64)?;
    }
    Ok(())
}

/// What the kernel says of this process.
#[cfg(target_os = "linux")]
struct Stat {
    ticks: u64,
    threads: u64,
    resident_pages: u64,
}

#[cfg(target_os = "linux")]
impl Stat {
    fn read() -> Option<Self> {
        Self::of(&std::fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// The fields are counted behind the name, which may have blanks and parentheses itself.
    fn of(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let at = |place: usize| fields.get(place)?.parse::<u64>().ok();
        Some(Self { ticks: at(11)? + at(12)?, threads: at(17)?, resident_pages: at(21)? })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_moves_no_field() {
        let text =
            "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 100 1000 321 18446744073709551615 1 1 0";
        let stat = Stat::of(text).unwrap();
        assert_eq!((stat.ticks, stat.threads, stat.resident_pages), (300, 9, 321));
        assert!(Stat::of("").is_none() && Stat::of("7 (a) S 1").is_none());
    }

    #[test]
    fn this_process_has_memory_and_threads() {
        let stat = Stat::read().unwrap();
        assert!(stat.threads >= 1 && stat.resident_pages > 10);
    }
}
