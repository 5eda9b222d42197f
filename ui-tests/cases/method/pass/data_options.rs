//! Codecs, idempotence, addresses, generic and recursive messages, foreign types.

use std::collections::HashMap;

use ember::{prelude::*, Codec, CodecError};

#[service]
#[derive(Default)]
pub struct Player;

/// Knows serde only.
#[derive(serde::Serialize, serde::Deserialize, Clone)]
pub struct Foreign {
    pub id: u32,
}

#[message]
#[derive(Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Box<Page<T>>>,
}

#[message]
#[derive(Clone)]
pub struct Fixed<T = u8, const N: usize = 2> {
    #[serde(skip)]
    pub cache: std::marker::PhantomData<[T; N]>,
    pub rest: T,
}

#[message]
#[derive(Clone)]
pub enum Shape {
    Nothing,
    Circle(f64),
    #[serde(rename = "box")]
    Rect { width: f64, r#type: u8 },
    Both(Box<Shape>, Box<Shape>),
}

#[message]
#[derive(Clone)]
pub enum Never {}

pub struct Raw;

impl<T: ember::Message> Codec<T> for Raw {
    const NAME: &'static str = "raw";

    fn encode(_: &T, _: &mut Vec<u8>) -> Result<(), CodecError> {
        Err(CodecError::new("it knows no format"))
    }

    fn decode(_: &[u8]) -> Result<T, CodecError> {
        Err(CodecError::new("it knows no format"))
    }
}

#[rpc]
impl Player {
    #[rpc(idempotent, codec = Raw)]
    pub async fn rpc_raw(&mut self, shape: Shape, foreign: Foreign) -> Result<Page<Shape>, Foreign> {
        let _ = shape;
        Err(foreign)
    }

    #[rpc(codec = "json", idempotent)]
    pub async fn rpc_json(&mut self, map: HashMap<String, Page<Foreign>>) -> Option<Never> {
        let _ = map;
        None
    }

    pub async fn rpc_fixed(&mut self, fixed: Fixed, foreign: Vec<Foreign>) -> Address<PlayerClient> {
        let _ = (fixed, foreign);
        unreachable!()
    }
}

async fn call(player: PlayerClient) {
    let map = HashMap::new();
    let _ = player.rpc_json(map).retry(Retry::new(3).maybe_executed()).await;
}

fn main() {
    let _ = call;
}
