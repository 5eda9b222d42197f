//! What does not travel may be in a field that does not, or that the user's own functions write and read.

use std::time::{Duration, Instant};

use ember::prelude::*;

#[message]
#[derive(Debug)]
pub struct Report {
    #[serde(skip)]
    pub why: Option<std::io::Error>,
    #[serde(with = "ago")]
    pub at: std::time::Instant,
}

mod ago {
    use super::*;

    pub fn serialize<S: serde::Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(&at.elapsed(), to)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Instant, D::Error> {
        let ago: Duration = serde::Deserialize::deserialize(from)?;
        Ok(Instant::now().checked_sub(ago).unwrap_or_else(Instant::now))
    }
}

#[message]
#[serde(from = "String", into = "String")]
#[derive(Clone)]
pub struct Failure {
    pub why: std::sync::Arc<dyn std::error::Error + Send + Sync>,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { why: Box::<dyn std::error::Error + Send + Sync>::from(text).into() }
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.why.to_string()
    }
}

#[service]
#[derive(Default)]
pub struct Desk;

#[rpc]
impl Desk {
    pub async fn rpc_take(&mut self, failure: Failure) -> Failure {
        failure
    }

    pub async fn rpc_report(&mut self) -> Report {
        Report { why: None, at: Instant::now() }
    }
}

fn main() {}
