use ember::{EventSource, MissedReason, Receipt, prelude::*};

#[message(event, name = "rain in litres")]
#[derive(Debug)]
pub struct Rain {
    pub litres: u32,
}

#[message(event, codec = "json")]
pub enum Sky {
    Clear,
    Clouded { share: f32 },
}

/// It stays.
pub struct Here;

#[service]
#[derive(Default)]
pub struct Station {
    litres: u32,
    #[module]
    roof: Module<Roof>,
}

#[module]
#[derive(Default)]
pub struct Roof;

#[rpc]
impl Station {
    #[on(event, scope = "cluster", retain)]
    async fn rain(&mut self, cx: &mut Cx<'_, Self>, event: &Rain) {
        let source: Option<EventSource> = cx.event();
        if source.is_some_and(|source| source.retained || source.number > 0) {
            self.litres += event.litres;
        }
    }

    #[on(event, scope = "server")]
    fn sky(&mut self, _event: &Sky) -> ember::Result<()> {
        Ok(())
    }

    #[on(event, scope = "service")]
    fn own(&mut self, _event: &Sky) {}

    #[on(event)]
    fn here(&mut self, _event: &Here) {}

    #[on(missed)]
    async fn gap(&mut self, missed: &Missed) {
        if missed.why == MissedReason::MailboxFull {
            self.litres += missed.count.unwrap_or_default() as u32;
        }
    }

    pub async fn rpc_tell(&mut self, cx: &mut Cx<'_, Self>) -> bool {
        cx.publish(Here);
        let receipt: Receipt = cx.publish_to(Scope::Cluster, Rain { litres: 1 });
        receipt.confirmed().await.is_ok()
    }
}

#[rpc]
impl Roof {
    #[on(event)]
    fn rain(&mut self, _event: &Rain) {}

    #[on(missed)]
    fn gap(&mut self) {}
}

fn any<E: ember::Event>(node: &Node, event: E) -> usize {
    node.publish_to(Scope::Server(3), event).nodes()
}

fn main() {
    let _ = any::<Sky>;
}
