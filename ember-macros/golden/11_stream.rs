//! A method with many replies.

#[service]
pub struct Chat;

#[rpc]
impl Chat {
    pub async fn rpc_feed(&mut self, cx: &mut Cx<'_, Self>, topic: String) -> Result<Streaming<Line>, NoTopic> {
        let (tx, lines) = cx.streaming(64);
        self.keep(topic, tx)?;
        Ok(lines)
    }
}
