//! The etcd client at an address where something else answers, or nobody: what it says of that.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use ember_runtime::registry::{Etcd, RegistryError};
use ember_tests::{etcd_process::free_port, registry::open};

/// Listens, and has `serve` answer whoever comes.
fn server(serve: fn(TcpStream) -> Option<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// HTTP/2 that knows no path: 404 without gRPC's headers.
fn http_2(mut stream: TcpStream) -> Option<()> {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const SETTINGS_TAKEN: [u8; 9] = [0, 0, 0, 4, 1, 0, 0, 0, 0];
    const PREFACE: usize = 24;
    stream.write_all(&[SETTINGS, SETTINGS_TAKEN].concat()).ok()?;
    stream.read_exact(&mut [0; PREFACE]).ok()?;
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).ok()?;
        let [a, b, c, kind, _, id @ ..] = header;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        stream.read_exact(&mut vec![0; length]).ok()?;
        // A request's headers are answered with those of an answer that has nothing else: `:status: 404`.
        if kind == 1 {
            stream.write_all(&[&[0, 0, 1, 1, 5][..], &id, &[0x8d]].concat()).ok()?;
        }
    }
}

/// HTTP/1.1 only.
fn http_1(mut stream: TcpStream) -> Option<()> {
    let _begun = stream.read(&mut [0; 256]).ok()?;
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()
}

/// Says its name before it is asked, as SSH does.
fn talkative(mut stream: TcpStream) -> Option<()> {
    stream.write_all(b"SSH-2.0-Example\r\n").ok()?;
    mute(stream)
}

/// Reads, and answers nothing.
fn mute(mut stream: TcpStream) -> Option<()> {
    while stream.read(&mut [0; 256]).ok()? > 0 {}
    Some(())
}

async fn refusal(address: &str) -> RegistryError {
    open(&Etcd::new([address])).await.list(String::new()).await.expect_err("nobody answers as etcd does")
}

#[tokio::test]
async fn another_server_at_the_address_is_named_and_asked_after() {
    for address in [server(http_2), server(http_1), server(talkative), server(mute)] {
        let text = refusal(&address).await.to_string();
        assert!(text.contains(&address), "which address? {text}");
        assert!(text.contains("is that etcd"), "what to look at? {text}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_said_once() {
    let address = format!("127.0.0.1:{}", free_port());
    let error = refusal(&address).await;
    let text = error.to_string();
    assert!(matches!(error, RegistryError::Unavailable(_)), "{text}");
    assert!(text.contains(&address), "{text}");
    assert_eq!(text.matches("unavailable").count(), 1, "{text}");
}
