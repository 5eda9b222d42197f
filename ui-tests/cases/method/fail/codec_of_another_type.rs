use ember::{prelude::*, Codec, CodecError};

#[service]
pub struct Player {
    gold: u64,
}

pub struct Backwards;

impl Codec<String> for Backwards {
    const NAME: &'static str = "backwards";

    fn encode(value: &String, out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.extend(value.bytes().rev());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<String, CodecError> {
        String::from_utf8(bytes.iter().rev().copied().collect()).map_err(CodecError::new)
    }
}

#[rpc]
impl Player {
    #[rpc(codec = Backwards)]
    pub async fn rpc_buy(&mut self, name: String, item: u32) -> String {
        format!("{item} {name}")
    }
}

fn main() {}
