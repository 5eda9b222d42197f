use ember::prelude::*;

#[service]
#[derive(Default)]
struct Log;

#[rpc]
impl Log {
    pub async fn rpc_read(&mut self) -> Result<u32, std::io::Error> {
        Ok(1)
    }
    pub async fn rpc_since(&mut self, at: std::time::Instant) {
        let _ = at;
    }
    pub async fn rpc_any(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
    pub async fn rpc_io(&mut self) -> std::io::Result<u32> {
        Ok(1)
    }
}

fn main() {}
