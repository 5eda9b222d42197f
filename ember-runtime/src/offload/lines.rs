//! Which piece of work is next: those of one line one after the other, and the lines in turn, so that a long one does not hold up the others.

use std::collections::{BTreeMap, VecDeque};

use super::key::Line;

/// What a piece needs to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A thread.
    Blocking,
    /// A task.
    Async,
}

/// All lines of a pool. One that is empty is not there.
pub(super) struct Lines<P> {
    lines: BTreeMap<Line, Pieces<P>>,
    blocking: Slots,
    asynchronous: Slots,
    waiting: usize,
    /// So many may wait.
    most: usize,
}

/// Where pieces of one kind run. While there are free ones, no line waits for one.
struct Slots {
    free: usize,
    /// Lines whose next piece is of this kind, and of which none is at work.
    ready: VecDeque<Line>,
}

/// The pieces of one line.
struct Pieces<P> {
    is_at_work: bool,
    waiting: VecDeque<(Kind, P)>,
}

/// There is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// For any piece.
    AtAll,
    /// For another piece of this line.
    InLine,
}

impl<P> Pieces<P> {
    fn next_kind(&self) -> Option<Kind> {
        self.waiting.front().map(|(kind, _)| *kind)
    }
}

impl<P> Lines<P> {
    /// So many pieces of each kind run at a time, and so many may wait.
    pub(super) fn new(threads: usize, futures: usize, most: usize) -> Self {
        let slots = |free| Slots { free, ready: VecDeque::new() };
        Self { lines: BTreeMap::new(), blocking: slots(threads), asynchronous: slots(futures), waiting: 0, most }
    }

    fn slots(&mut self, kind: Kind) -> &mut Slots {
        match kind {
            Kind::Blocking => &mut self.blocking,
            Kind::Async => &mut self.asynchronous,
        }
    }

    /// Takes a piece at the end of its line. What may begin is had from [`begin`](Self::begin).
    ///
    /// # Errors
    /// It would have to wait, and there is no room: it comes back.
    pub(super) fn put(&mut self, line: Line, kind: Kind, piece: P) -> Result<(), (P, NoRoom)> {
        let in_line = self.lines.get(&line).map(|pieces| pieces.waiting.len());
        let begins = in_line.is_none() && self.slots(kind).free > self.slots(kind).ready.len();
        if !begins {
            if self.waiting() >= self.most {
                return Err((piece, NoRoom::AtAll));
            }
            if in_line.is_some_and(|in_line| in_line >= self.most.div_ceil(2)) {
                return Err((piece, NoRoom::InLine));
            }
        }
        if in_line.is_none() {
            self.slots(kind).ready.push_back(line);
        }
        let none = || Pieces { is_at_work: false, waiting: VecDeque::new() };
        self.lines.entry(line).or_insert_with(none).waiting.push_back((kind, piece));
        self.waiting += 1;
        Ok(())
    }

    /// The next piece that may run. When it has ended, [`end`](Self::end) is to be told.
    pub(super) fn begin(&mut self) -> Option<(Line, Kind, P)> {
        for slots in [&mut self.blocking, &mut self.asynchronous] {
            if slots.free > 0
                && let Some(line) = slots.ready.pop_front()
                && let Some(pieces) = self.lines.get_mut(&line)
                && let Some((kind, piece)) = pieces.waiting.pop_front()
            {
                pieces.is_at_work = true;
                slots.free -= 1;
                self.waiting -= 1;
                return Some((line, kind, piece));
            }
        }
        None
    }

    /// A piece has ended: it is the turn of others, and the rest of its line waits behind them.
    pub(super) fn end(&mut self, line: Line, kind: Kind) {
        self.slots(kind).free += 1;
        let Some(pieces) = self.lines.get_mut(&line) else { return };
        pieces.is_at_work = false;
        match pieces.next_kind() {
            Some(next) => self.slots(next).ready.push_back(line),
            None => drop(self.lines.remove(&line)),
        }
    }

    /// Takes out all that wait and are like this, in the order of their lines.
    pub(super) fn take_out(&mut self, is_it: impl Fn(&P) -> bool) -> Vec<P> {
        let mut out = Vec::new();
        let (mut empty, mut turned) = (Vec::new(), Vec::new());
        for (line, pieces) in &mut self.lines {
            let before = pieces.next_kind();
            let (gone, left): (Vec<_>, Vec<_>) = pieces.waiting.drain(..).partition(|(_, piece)| is_it(piece));
            pieces.waiting = left.into();
            out.extend(gone.into_iter().map(|(_, piece)| piece));
            match pieces.next_kind() {
                _ if pieces.is_at_work => {}
                None => empty.push(*line),
                next if next == before => {}
                Some(next) => turned.push((*line, next)),
            }
        }
        self.waiting -= out.len();
        for line in empty {
            self.lines.remove(&line);
        }
        let Self { lines, blocking, asynchronous, .. } = self;
        for (slots, kind) in [(blocking, Kind::Blocking), (asynchronous, Kind::Async)] {
            slots.ready.retain(|line| lines.get(line).is_some_and(|it| it.next_kind() == Some(kind)));
            slots.ready.extend(turned.iter().filter(|(_, next)| *next == kind).map(|(line, _)| *line));
        }
        out
    }

    /// How many pieces wait, beside those that may begin already.
    pub(super) fn waiting(&self) -> usize {
        let begin = |slots: &Slots| slots.free.min(slots.ready.len());
        self.waiting - begin(&self.blocking) - begin(&self.asynchronous)
    }

    /// How many pieces wait in this line.
    pub(super) fn waiting_in(&self, line: Line) -> usize {
        self.lines.get(&line).map_or(0, |pieces| pieces.waiting.len())
    }

    /// How many lines there are.
    pub(super) fn count(&self) -> usize {
        self.lines.len()
    }
}
