//! The cable between two nodes, which a test can cut.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
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

    /// Forwards in both directions.
    pub fn heal(&self) {
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
    thread::spawn(move || pump(&one, Direction::In, near, far));
    thread::spawn(move || pump(&two, Direction::Out, far2, near2));
}

fn pump(state: &State, direction: Direction, mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    let blocked = || state.blocked(direction).load(Ordering::Relaxed) && !state.ended.load(Ordering::Relaxed);
    loop {
        let length = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => break,
        };
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
