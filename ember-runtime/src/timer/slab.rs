//! Places for values that come and go: their memory is given back as they go.

/// So many places are got, and given back, together.
const SIZE: usize = 32;

/// Values by a number, each of which is used again when its value has been taken.
pub(super) struct Slab<T> {
    chunks: Vec<Option<Box<Chunk<T>>>>,
    /// Those with a free place.
    open: Vec<u32>,
    /// Those that have been given back.
    gone: Vec<u32>,
    len: usize,
}

struct Chunk<T> {
    values: [Option<T>; SIZE],
    /// A bit for each place that is taken.
    taken: u32,
    /// Where it stands in `open`, if it has a free place.
    at: u32,
}

/// As a number of a place: none.
pub(super) const NONE: u32 = u32::MAX;

impl<T> Slab<T> {
    pub(super) fn new() -> Self {
        Self { chunks: Vec::new(), open: Vec::new(), gone: Vec::new(), len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Keeps a value. What is returned is its number until it is [taken](Self::remove).
    pub(super) fn insert(&mut self, value: T) -> u32 {
        let number = self.open.last().copied().unwrap_or_else(|| self.grow());
        let chunk = self.chunks[number as usize].as_mut().expect("one that is open is there");
        let place = chunk.taken.trailing_ones();
        chunk.values[place as usize] = Some(value);
        chunk.taken |= 1 << place;
        if chunk.taken == u32::MAX {
            // It was the last.
            self.open.pop();
        }
        self.len += 1;
        number * SIZE as u32 + place
    }

    pub(super) fn get(&self, index: u32) -> Option<&T> {
        let (number, place) = split(index);
        self.chunks.get(number)?.as_ref()?.values[place].as_ref()
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        let (number, place) = split(index);
        self.chunks.get_mut(number)?.as_mut()?.values[place].as_mut()
    }

    pub(super) fn remove(&mut self, index: u32) -> Option<T> {
        let (number, place) = split(index);
        let chunk = self.chunks.get_mut(number)?.as_mut()?;
        let value = chunk.values[place].take()?;
        if chunk.taken == u32::MAX {
            chunk.at = self.open.len() as u32;
            self.open.push(number as u32);
        }
        chunk.taken &= !(1 << place);
        let (is_empty, at) = (chunk.taken == 0, chunk.at as usize);
        self.len -= 1;
        // One that is empty is kept for what comes next, as long as no other has room for it.
        if is_empty && self.open.len() > 1 {
            self.give_back(number, at);
        }
        Some(value)
    }

    /// A new chunk.
    fn grow(&mut self) -> u32 {
        let values = std::array::from_fn(|_| None);
        let chunk = Some(Box::new(Chunk { values, taken: 0, at: self.open.len() as u32 }));
        let number = match self.gone.pop() {
            Some(number) => {
                self.chunks[number as usize] = chunk;
                number
            }
            None => {
                self.chunks.push(chunk);
                self.chunks.len() as u32 - 1
            }
        };
        self.open.push(number);
        number
    }

    /// Frees a chunk that is empty, and stands here in `open`.
    fn give_back(&mut self, number: usize, at: usize) {
        self.chunks[number] = None;
        self.open.swap_remove(at);
        if let Some(moved) = self.open.get(at).copied()
            && let Some(chunk) = &mut self.chunks[moved as usize]
        {
            chunk.at = at as u32;
        }
        self.gone.push(number as u32);
        if self.gone.len() + 1 == self.chunks.len() && self.gone.len() > SIZE {
            self.forget();
        }
    }

    /// Gives the lists back too, where all chunks but one have gone: after a crowd.
    fn forget(&mut self) {
        let last = self.chunks.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.chunks.truncate(last);
        self.chunks.shrink_to_fit();
        self.gone.retain(|number| (*number as usize) < last);
        self.gone.shrink_to_fit();
        self.open.shrink_to_fit();
    }

    #[cfg(test)]
    pub(super) fn chunks(&self) -> usize {
        self.chunks.iter().flatten().count()
    }
}

fn split(index: u32) -> (usize, usize) {
    (index as usize / SIZE, index as usize % SIZE)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn what_is_taken_gives_its_memory_back_in_any_order() {
        let mut slab = Slab::new();
        for backwards in [false, true] {
            let mut numbers: Vec<u32> = (0..10_000).map(|value| slab.insert(value)).collect();
            assert_eq!(slab.chunks(), 10_000_usize.div_ceil(SIZE));
            if backwards {
                numbers.reverse();
            }
            numbers.iter().for_each(|number| assert!(slab.remove(*number).is_some()));
            assert_eq!((slab.len(), slab.chunks()), (0, 1));
            assert!(numbers.iter().all(|number| slab.get(*number).is_none() && slab.remove(*number).is_none()));
        }
    }

    #[test]
    fn it_is_a_map_whose_keys_it_chooses() {
        let mut rng = fastrand::Rng::with_seed(7);
        let (mut slab, mut known, mut keys) = (Slab::new(), HashMap::new(), Vec::new());
        for round in 0..50_000_u32 {
            // It grows and shrinks in turns.
            if keys.is_empty() || rng.u32(..100) < if round / 5_000 % 2 == 0 { 70 } else { 25 } {
                let key = slab.insert(round);
                assert_eq!(known.insert(key, round), None, "a number that is in use is given to nobody else");
                keys.push(key);
            } else {
                let key = keys.swap_remove(rng.usize(..keys.len()));
                assert_eq!(slab.get_mut(key).copied(), known.get(&key).copied());
                assert_eq!(slab.remove(key), known.remove(&key));
            }
            assert_eq!(slab.len(), known.len());
        }
        known.iter().for_each(|(key, value)| assert_eq!(slab.get(*key), Some(value)));
    }
}
