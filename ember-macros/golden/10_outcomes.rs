//! The ways in which a method can answer.

#[service]
pub struct Desk;

#[rpc]
impl Desk {
    pub async fn rpc_fail(&mut self) -> Result<(), Refusal> {
        Err(Refusal)
    }

    pub async fn rpc_io(&mut self) -> std::io::Result<u8> {
        Ok(7)
    }

    pub async fn rpc_later(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        cx.defer().0
    }
}
