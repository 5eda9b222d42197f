use ember::prelude::*;

pub struct Foreign {
    id: u32,
}

impl Foreign {
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl From<ForeignDef> for Foreign {
    fn from(def: ForeignDef) -> Self {
        Self { id: def.id }
    }
}

#[message]
#[serde(remote = "Foreign")]
pub struct ForeignDef {
    #[serde(getter = "Foreign::id")]
    id: u32,
}

fn main() {}
