//! What an operator calls a group.

use super::OfficeName;

/// A group of instances that elect a master: those of one name, id and server id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupName {
    name: String,
    id: Option<String>,
    server: Option<u32>,
}

impl GroupName {
    /// Of the services of this name, with the id that they have unless one is given, which is the name, and the server id of the node that is asked.
    pub fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), id: None, server: None }
    }

    /// Those with this id: see `Hosted::id`.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// Those of this server id.
    #[must_use]
    pub fn server_id(self, server: u32) -> Self {
        Self { server: Some(server), ..self }
    }

    pub(crate) fn office(&self, server: u32) -> OfficeName {
        OfficeName::new(self.server.unwrap_or(server), &self.name, self.id.as_deref().unwrap_or(&self.name))
    }
}
