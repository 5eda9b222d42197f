//! What the table of a member knows of calls: as `replica/outcomes/table.rs` of the runtime has it, made of what the log says.

use crate::{left_out::Rule, log::What, model::Model, world::Node};

/// What the table knows of a call; with the index of the record that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It has left nothing in the log.
    Nothing,
    /// It has begun, and its outcome is not there.
    Begun(u8),
    /// Its outcome.
    Ended(u8),
    /// It has done nothing, and never will.
    Void(u8),
    /// Nobody knows it any more, or its caller does not ask for it.
    Forgotten,
}

/// All of one caller.
#[derive(Debug, Default)]
struct Table {
    calls: Vec<(u8, Known)>,
    /// It does not ask for lower ones.
    lowest: u8,
    /// One more than the highest that was dropped though it may be asked for.
    mark: u8,
}

impl Table {
    fn put(&mut self, id: u8, known: Known, most: usize) {
        if id < self.lowest {
            return;
        }
        self.calls.retain(|(other, _)| *other != id);
        self.calls.push((id, known));
        if self.calls.len() > most {
            let (dropped, _) = self.calls.remove(0);
            self.mark = self.mark.max(dropped + 1);
        }
    }

    fn has(&self, id: u8) -> Option<Known> {
        self.calls.iter().find(|(other, _)| *other == id).map(|(_, known)| *known)
    }
}

impl Model {
    /// What the member at hand knows of a call, by all of its log: on a master that is applied.
    pub(crate) fn known(&self, node: &Node, id: u8) -> Known {
        let mut table = Table::default();
        let most = self.bounds.table.into();
        for index in node.table_from + 1..=node.log.last() {
            let Some(record) = node.log.at(index) else { break };
            if let What::Begun(id) | What::Done(id) = record.what()
                && record.is_over()
            {
                table.lowest = table.lowest.max(id);
                table.calls.retain(|(other, _)| *other >= id);
            }
            match record.what() {
                What::Begun(id) if table.has(id).is_none() && !self.lacks(Rule::BegunIsKnown) => {
                    table.put(id, Known::Begun(index), most);
                }
                What::Done(id) | What::Ended(id) => table.put(id, Known::Ended(index), most),
                What::Void(id) if table.has(id).is_none() => table.put(id, Known::Void(index), most),
                _ => {}
            }
        }
        let over = id < table.lowest && !self.lacks(Rule::OverIsNotRun);
        let dropped = id < table.mark && !self.lacks(Rule::OutcomesKept);
        table.has(id).unwrap_or(if over || dropped { Known::Forgotten } else { Known::Nothing })
    }

    /// Whether a call is to be run that comes.
    pub(crate) fn is_new(&self, node: &Node, id: u8) -> bool {
        match self.known(node, id) {
            Known::Nothing => true,
            Known::Begun(_) => self.lacks(Rule::BegunIsNotRun),
            _ => false,
        }
    }
}
