//! The cable between two nodes, which a test can cut.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// One direction of a [`Wire`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the node that dials to the one behind the wire.
    In,
    /// From the node behind the wire to the one that dials.
    Out,
}

/// What a connection of a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Calls and their replies.
    Calls,
    /// Signs of life.
    Heartbeats,
}

impl Sort {
    /// HTTP/2 begins with a `P`.
    fn of(first: u8) -> Self {
        if first == b'P' { Self::Calls } else { Self::Heartbeats }
    }
}

/// Stands before one node, and forwards what others send it and what it answers. Blocked, it takes connections and forwards
/// nothing, as a network that drops packets would; what was sent meanwhile arrives when it is open again.
#[derive(Debug)]
pub struct Wire {
    address: String,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    blocked_in: AtomicBool,
    blocked_out: AtomicBool,
    blocked_calls: AtomicBool,
    blocked_heartbeats: AtomicBool,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl State {
    fn blocked(&self, direction: Direction) -> &AtomicBool {
        match direction {
            Direction::In => &self.blocked_in,
            Direction::Out => &self.blocked_out,
        }
    }

    fn blocked_sort(&self, sort: Sort) -> &AtomicBool {
        match sort {
            Sort::Calls => &self.blocked_calls,
            Sort::Heartbeats => &self.blocked_heartbeats,
        }
    }
}

impl Wire {
    /// A wire to `target`.
    ///
    /// # Panics
    /// If it cannot listen.
    pub fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the wire");
        let address = listener.local_addr().expect("its address").to_string();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if shared.ended.load(Ordering::Relaxed) {
                    return;
                }
                // A target that does not listen refuses, and so does the wire.
                if let Ok(far) = TcpStream::connect(&target) {
                    join(&shared, near, far);
                }
            }
        });
        Self { address, state }
    }

    /// Where the node behind it is reached.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Forwards nothing in this direction any more.
    pub fn block(&self, direction: Direction) {
        self.state.blocked(direction).store(true, Ordering::Relaxed);
    }

    /// Forwards nothing any more of what connections of this sort carry.
    pub fn block_only(&self, sort: Sort) {
        self.state.blocked_sort(sort).store(true, Ordering::Relaxed);
    }

    /// Forwards everything again.
    pub fn heal(&self) {
        self.state.blocked_calls.store(false, Ordering::Relaxed);
        self.state.blocked_heartbeats.store(false, Ordering::Relaxed);
        self.state.blocked_in.store(false, Ordering::Relaxed);
        self.state.blocked_out.store(false, Ordering::Relaxed);
    }

    /// Closes all connections.
    pub fn reset(&self) {
        for stream in self.state.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        self.reset();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(&self.address);
    }
}

fn join(state: &Arc<State>, near: TcpStream, far: TcpStream) {
    for stream in [&near, &far] {
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
        state.open.lock().unwrap_or_else(PoisonError::into_inner).push(stream.try_clone().expect("another handle"));
    }
    let (near2, far2) = (near.try_clone().expect("another handle"), far.try_clone().expect("another handle"));
    let (one, two) = (Arc::clone(state), Arc::clone(state));
    // Whoever dials says first what the connection is for.
    let sort = Arc::<OnceLock<Sort>>::default();
    let of_in = Arc::clone(&sort);
    thread::spawn(move || pump(&one, Direction::In, &of_in, near, far));
    thread::spawn(move || pump(&two, Direction::Out, &sort, far2, near2));
}

fn pump(state: &State, direction: Direction, sort: &OnceLock<Sort>, mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    let blocked = || {
        let is_sort = sort.get().is_some_and(|sort| state.blocked_sort(*sort).load(Ordering::Relaxed));
        (is_sort || state.blocked(direction).load(Ordering::Relaxed)) && !state.ended.load(Ordering::Relaxed)
    };
    loop {
        let length = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => break,
        };
        if direction == Direction::In {
            sort.get_or_init(|| Sort::of(buffer[0]));
        }
        while blocked() {
            // tidy: sleep: between two looks at whether the wire is open
            thread::sleep(Duration::from_millis(5));
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    while blocked() {
        // tidy: sleep: between two looks at whether the wire is open
        thread::sleep(Duration::from_millis(5));
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
