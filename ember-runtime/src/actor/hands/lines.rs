//! What waits for the workers of a service, and who is next. Of a key one piece is out at a time, and its pieces go in their order; between
//! keys each has its turn. How many workers there are is nothing to this: so no change of their number moves or reorders anything.

use std::collections::{BTreeMap, VecDeque};

/// After this many system messages in a row a user message that is ready has its turn.
const SYSTEM_RUN: u32 = 32;

/// What waits.
#[derive(Debug)]
pub(crate) struct Lines<T> {
    /// What a worker can take now, by lane: the system lane first.
    ready: [VecDeque<Next<T>>; 2],
    keys: BTreeMap<u64, Line<T>>,
    waiting: usize,
    system_run: u32,
}

/// What a worker takes next.
#[derive(Debug)]
enum Next<T> {
    Loose(T),
    /// The first in the line of this key, of which nothing is out.
    Of(u64),
}

/// What waits under one key. It is there as long as something waits or is out.
#[derive(Debug)]
struct Line<T> {
    waiting: VecDeque<(bool, T)>,
    is_out: bool,
}

impl<T> Lines<T> {
    pub(crate) const fn new() -> Self {
        Self { ready: [VecDeque::new(), VecDeque::new()], keys: BTreeMap::new(), waiting: 0, system_run: 0 }
    }

    fn is_ready(&mut self, is_system: bool, next: Next<T>) {
        self.ready[usize::from(!is_system)].push_back(next);
    }

    /// Puts a piece behind those of its key, or behind all that is ready if it has none.
    pub(crate) fn put(&mut self, is_system: bool, key: Option<u64>, piece: T) {
        self.waiting += 1;
        let Some(key) = key else { return self.is_ready(is_system, Next::Loose(piece)) };
        let line = self.keys.entry(key).or_insert_with(|| Line { waiting: VecDeque::new(), is_out: false });
        line.waiting.push_back((is_system, piece));
        if line.waiting.len() == 1 && !line.is_out {
            self.is_ready(is_system, Next::Of(key));
        }
    }

    /// The next piece, and its key, of which no other is handed out until it is [`done`](Self::done).
    pub(crate) fn take(&mut self) -> Option<(Option<u64>, T)> {
        let [system, user] = &mut self.ready;
        let is_users_turn = self.system_run >= SYSTEM_RUN && !user.is_empty();
        let next = match if is_users_turn { None } else { system.pop_front() } {
            Some(next) => {
                self.system_run = self.system_run.saturating_add(1);
                next
            }
            None => {
                self.system_run = 0;
                user.pop_front()?
            }
        };
        self.waiting -= 1;
        match next {
            Next::Loose(piece) => Some((None, piece)),
            Next::Of(key) => {
                let line = self.keys.get_mut(&key)?;
                line.is_out = true;
                line.waiting.pop_front().map(|(_, piece)| (Some(key), piece))
            }
        }
    }

    /// Takes the turn of this key for something that has not waited. `false`: something is ready before it, or it is not its turn.
    pub(crate) fn pass(&mut self, key: Option<u64>) -> bool {
        if !self.ready.iter().all(VecDeque::is_empty) {
            return false;
        }
        let Some(key) = key else { return true };
        if self.keys.contains_key(&key) {
            return false;
        }
        self.keys.insert(key, Line { waiting: VecDeque::new(), is_out: true });
        true
    }

    /// The piece of this key that was out has been done. What waits behind it is ready, after all that was so before.
    pub(crate) fn done(&mut self, key: Option<u64>) {
        let Some(key) = key else { return };
        let Some(line) = self.keys.get_mut(&key) else { return };
        line.is_out = false;
        match line.waiting.front() {
            Some(&(is_system, _)) => self.is_ready(is_system, Next::Of(key)),
            None => drop(self.keys.remove(&key)),
        }
    }

    /// Takes out what `why` has something against. Of a key of which nothing is out, another piece may be the next one then: it is shown to
    /// `next`.
    pub(crate) fn sweep<W>(&mut self, why: impl Fn(&T) -> Option<W>, mut next: impl FnMut(&mut T)) -> Vec<(T, W)> {
        let mut swept = Vec::new();
        for ready in &mut self.ready {
            for it in std::mem::take(ready) {
                match it {
                    Next::Loose(piece) => match why(&piece) {
                        Some(why) => swept.push((piece, why)),
                        None => ready.push_back(Next::Loose(piece)),
                    },
                    Next::Of(key) => ready.push_back(Next::Of(key)),
                }
            }
        }
        for line in self.keys.values_mut() {
            let mut is_first_gone = false;
            for (place, (is_system, piece)) in std::mem::take(&mut line.waiting).into_iter().enumerate() {
                match why(&piece) {
                    Some(why) => {
                        is_first_gone |= place == 0;
                        swept.push((piece, why));
                    }
                    None => line.waiting.push_back((is_system, piece)),
                }
            }
            if is_first_gone
                && !line.is_out
                && let Some((_, piece)) = line.waiting.front_mut()
            {
                next(piece);
            }
        }
        self.keys.retain(|_, line| line.is_out || !line.waiting.is_empty());
        let Self { ready, keys, .. } = self;
        ready.iter_mut().for_each(|ready| ready.retain(|it| !matches!(it, Next::Of(key) if !keys.contains_key(key))));
        self.waiting -= swept.len();
        swept
    }

    /// What must never be, and a planted bug does: what waits next under each key of which one is out goes to whichever worker is free.
    pub(crate) fn move_keys(&mut self) {
        for line in self.keys.values_mut().filter(|line| line.is_out) {
            if let Some((is_system, piece)) = line.waiting.pop_front() {
                self.ready[usize::from(!is_system)].push_back(Next::Loose(piece));
            }
        }
    }

    /// How many pieces wait.
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many could be taken by as many workers.
    pub(crate) fn ready(&self) -> usize {
        self.ready.iter().map(VecDeque::len).sum()
    }

    /// What as many workers could take: not what waits for its key.
    pub(crate) fn all_ready(&self) -> impl Iterator<Item = &T> {
        self.ready.iter().flatten().filter_map(|next| match next {
            Next::Loose(piece) => Some(piece),
            Next::Of(key) => self.keys.get(key)?.waiting.front().map(|(_, piece)| piece),
        })
    }

    /// What is ready since the piece of this key before it was [`done`](Self::done).
    pub(crate) fn ready_of(&mut self, key: Option<u64>) -> Option<&mut T> {
        let line = self.keys.get_mut(&key?)?;
        if line.is_out {
            return None;
        }
        line.waiting.front_mut().map(|(_, piece)| piece)
    }

    /// All that waits.
    pub(crate) fn into_all(self) -> impl Iterator<Item = T> {
        let loose = self.ready.into_iter().flatten().filter_map(|next| match next {
            Next::Loose(piece) => Some(piece),
            Next::Of(_) => None,
        });
        loose.chain(self.keys.into_values().flat_map(|line| line.waiting.into_iter().map(|(_, piece)| piece)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[(Option<u64>, u32)]) -> Lines<u32> {
        let mut lines = Lines::new();
        pieces.iter().for_each(|&(key, piece)| lines.put(false, key, piece));
        lines
    }

    /// All that can be taken while nothing is done.
    fn take_all(lines: &mut Lines<u32>) -> Vec<u32> {
        std::iter::from_fn(|| lines.take()).map(|(_, piece)| piece).collect()
    }

    #[test]
    fn of_a_key_one_piece_is_out_and_neighbours_are_not_held_up() {
        let mut lines = lines(&[(Some(1), 10), (Some(1), 11), (Some(2), 20), (None, 30), (None, 31)]);
        assert_eq!((lines.waiting(), lines.ready()), (5, 4));
        assert_eq!(take_all(&mut lines), [10, 20, 30, 31]);
        assert_eq!((lines.waiting(), lines.ready()), (1, 0));
        lines.done(Some(2));
        assert_eq!(lines.take(), None);
        lines.done(Some(1));
        assert_eq!(lines.take(), Some((Some(1), 11)));
        lines.done(Some(1));
        assert_eq!((lines.waiting(), lines.keys.len()), (0, 0), "nothing is kept of a key that has nothing");
    }

    #[test]
    fn a_worker_could_take_what_is_ready_and_not_what_waits_for_its_key() {
        let mut lines = lines(&[(Some(1), 10), (Some(1), 11), (None, 30), (Some(2), 20)]);
        let ready = |lines: &Lines<u32>| lines.all_ready().copied().collect::<Vec<_>>();
        assert_eq!((ready(&lines), lines.ready()), (vec![10, 30, 20], 3));
        lines.take();
        assert_eq!((ready(&lines), lines.ready_of(Some(1))), (vec![30, 20], None));
        lines.done(Some(1));
        assert_eq!(lines.ready_of(Some(1)), Some(&mut 11));
        assert!(lines.ready_of(Some(3)).is_none() && lines.ready_of(None).is_none());
        assert_eq!(ready(&lines), [30, 20, 11]);
    }

    #[test]
    fn a_key_with_more_goes_behind_those_that_are_ready() {
        let mut lines = lines(&[(Some(1), 10), (Some(1), 11), (Some(1), 12), (Some(2), 20), (Some(2), 21)]);
        let mut order = Vec::new();
        while let Some((key, piece)) = lines.take() {
            order.push(piece);
            lines.done(key);
        }
        assert_eq!(order, [10, 20, 11, 21, 12]);
    }

    #[test]
    fn what_has_not_waited_passes_only_if_nothing_is_ready_and_its_key_is_free() {
        let mut lines = lines(&[(Some(1), 10), (Some(1), 11)]);
        assert!(!lines.pass(None) && !lines.pass(Some(2)), "10 is ready");
        assert_eq!(lines.take(), Some((Some(1), 10)));
        assert!(lines.pass(None) && lines.pass(Some(2)));
        assert!(!lines.pass(Some(2)) && !lines.pass(Some(1)));
        lines.put(false, Some(2), 21);
        assert_eq!(lines.take(), None, "one of 2 is out");
        lines.done(Some(2));
        assert_eq!(lines.take(), Some((Some(2), 21)));
    }

    #[test]
    fn the_system_lane_goes_first_but_not_for_ever_and_the_order_of_a_key_stays() {
        let mut lines = lines(&[(None, 1), (Some(7), 70)]);
        lines.put(true, Some(7), 71);
        (0..SYSTEM_RUN + 2).for_each(|number| lines.put(true, None, 100 + number));
        let order = take_all(&mut lines);
        let run = SYSTEM_RUN as usize;
        assert_eq!(order[..run], (100..100 + SYSTEM_RUN).collect::<Vec<_>>());
        assert_eq!(order[run..], [1, 132, 133, 70]);
        lines.done(Some(7));
        assert_eq!(lines.take(), Some((Some(7), 71)));
    }

    #[test]
    fn what_is_swept_is_gone_and_the_rest_keeps_its_order() {
        let mut lines = lines(&[
            (Some(1), 10),
            (Some(1), 11),
            (Some(1), 12),
            (Some(2), 20),
            (Some(2), 21),
            (Some(3), 30),
            (Some(4), 40),
            (None, 50),
            (None, 51),
        ]);
        assert_eq!(lines.take(), Some((Some(1), 10)));
        let (mut next, mut swept) = (Vec::new(), Vec::new());
        let gone = [11, 20, 30, 50];
        let all = lines.sweep(|piece| gone.contains(piece).then_some(*piece * 2), |piece| next.push(*piece));
        all.iter().for_each(|(piece, why)| swept.push((*piece, *why)));
        swept.sort_unstable();
        assert_eq!(swept, [(11, 22), (20, 40), (30, 60), (50, 100)]);
        assert_eq!(next, [21], "of 1 one is out, of 3 nothing is left, and 40 was the first before");
        assert_eq!((lines.waiting(), lines.ready(), lines.keys.len()), (4, 3, 3));
        assert_eq!(take_all(&mut lines), [21, 40, 51]);
        lines.done(Some(1));
        assert_eq!(lines.take(), Some((Some(1), 12)));
        lines.put(false, Some(3), 31);
        assert_eq!((lines.take(), lines.waiting()), (Some((Some(3), 31)), 0));
    }

    #[test]
    fn all_that_waits_comes_out_at_the_end() {
        let mut lines = lines(&[(Some(1), 10), (Some(1), 11), (None, 30)]);
        lines.take();
        assert_eq!(lines.into_all().collect::<Vec<_>>(), [30, 11]);
    }
}
