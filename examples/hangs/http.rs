//! As much of HTTP as `curl` would do here.

use ember::{Error, Result, serde_json::Value};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The body of an answer. An error, if nobody answers there.
pub(crate) async fn get(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// The same, read as JSON.
pub(crate) async fn json(address: &str, path: &str) -> Result<Value> {
    ember::serde_json::from_str(&get(address, path).await?).map_err(Error::other)
}

/// What a figure is, of those of all its labels the largest.
pub(crate) fn figure(text: &str, name: &str) -> f64 {
    let of_it = |line: &&str| line.split(['{', ' ']).next() == Some(name);
    let value = |line: &str| line.rsplit(' ').next().and_then(|value| value.parse().ok());
    text.lines().filter(of_it).filter_map(value).fold(0.0, f64::max)
}
