//! Bytes that no node, client or registry would send: whatever reads them refuses them, keeps nothing and does not panic.
//!
//! Each input of `fuzz/corpus` is read as it is, and then changed 100,000 times per reader, from a fixed seed. Another number, or seed:
//! `EMBER_FUZZ=10000000 EMBER_FUZZ_SEED=2 cargo test --release -p ember-tests --all-features --test fuzz -- --nocapture`.

use std::{
    env,
    fs::{self, read_dir},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use ember::testing::inputs::{ALL, Input};

const COUNT: u64 = 100_000;
/// By which the memory of the process may grow while one reader reads, in bytes.
const GROWTH: u64 = 32 << 20;

/// What a reader is known to read.
fn corpus(input: &Input) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(input.name);
    let files = read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    files.iter().map(|path| (path.display().to_string(), read(path))).collect()
}

/// Numbers that look like chance, the same for the same seed.
struct Chance(fastrand::Rng);

impl Chance {
    /// Changes, drops, doubles and mixes bytes.
    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.0.u8(..5) {
            if bytes.is_empty() {
                bytes.push(self.0.u8(..));
            }
            let at = self.0.usize(..bytes.len());
            match self.0.u8(..9) {
                0 => bytes[at] ^= 1 << self.0.u8(..8),
                1 => bytes[at] = self.0.u8(..),
                2 => bytes[at] = 0xff,
                3 => bytes.truncate(at),
                4 => bytes.insert(at, self.0.u8(..)),
                5 => drop(bytes.remove(at)),
                6 => bytes[at] = bytes[at].wrapping_add(1),
                7 => {
                    // Read twice, a part of it.
                    let part = bytes[at..bytes.len().min(at + 16)].to_vec();
                    bytes.extend_from_slice(&part);
                }
                _ => {
                    let from = if other.is_empty() { 0 } else { self.0.usize(..other.len()) };
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
            }
        }
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let Some(text) = env::var_os(variable) else { return otherwise };
    text.to_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{variable}={text:?} is no number"))
}

/// The memory that this process occupies, in bytes.
fn occupied() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").expect("the size of the process");
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("pages");
    pages * rustix::param::page_size() as u64
}

fn read(input: &Input, bytes: &[u8], which: &str) -> bool {
    catch_unwind(AssertUnwindSafe(|| (input.read)(bytes)))
        .unwrap_or_else(|_| panic!("`{}` panics when it reads {which}: {}", input.name, hex(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One test: the memory is that of the whole process.
#[test]
fn no_bytes_from_outside_panic_or_are_kept() {
    for input in ALL {
        for (name, bytes) in corpus(input) {
            assert!(read(input, &bytes, &name), "`{}` no longer reads {name}", input.name);
        }
    }
    let (count, seed) = (number("EMBER_FUZZ", COUNT), number("EMBER_FUZZ_SEED", 2026));
    for (place, input) in ALL.iter().enumerate() {
        let corpus = corpus(input);
        let mut chance = Chance(fastrand::Rng::with_seed(seed.wrapping_add(place as u64)));
        let (mut taken, mut before) = (0_u64, 0);
        for round in 0..count {
            // What the reader needs once, it has after some.
            if round == count / 10 {
                before = occupied();
            }
            let [one, other] = [(); 2].map(|()| &corpus[chance.0.usize(..corpus.len())].1);
            let mut bytes = one.clone();
            chance.change(&mut bytes, other);
            taken += u64::from(read(input, &bytes, &format!("change {round} of seed {seed}")));
        }
        let grown = occupied().saturating_sub(before);
        println!("{:20} {count} inputs, {taken} read, {} KiB more memory", input.name, grown >> 10);
        assert!(grown < GROWTH, "`{}` keeps {grown} bytes of {count} inputs", input.name);
        // Else nothing was tried.
        assert!(taken > count / 500 && taken < count, "`{}` reads {taken} of {count}", input.name);
    }
}
