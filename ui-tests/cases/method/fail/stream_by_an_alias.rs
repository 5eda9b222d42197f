use ember::prelude::*;
use ember::Streaming;

type Lines = Streaming<String>;

#[service]
#[derive(Default)]
struct Log;

#[rpc]
impl Log {
    pub async fn rpc_read(&mut self) -> Lines {
        todo!()
    }
    pub async fn rpc_try(&mut self) -> Result<Lines, String> {
        todo!()
    }
    pub async fn rpc_write(&mut self, lines: Lines) {
        drop(lines);
    }
}

fn main() {}
