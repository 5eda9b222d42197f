//! The data stream as an HTTP request and its response: at the place of the gRPC method `Link.Data`, but with bodies of this room.

use std::{future::poll_fn, sync::Arc};

use tonic::{
    Code,
    body::Body,
    codegen::{
        Service,
        http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, Version, header::CONTENT_TYPE},
    },
    transport::Channel,
};

use super::{session::Session, writer::DataWriter};
use crate::transport::entrance::{Token, hello};

/// Where the stream is opened.
pub(crate) const PATH: &str = "/ember.link.v1.Link/Data";
const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// Opens the stream of the session that the other node knows by `token`, and sends `body`.
pub(crate) async fn open(mut channel: Channel, body: Body, token: Token) -> Result<Body, String> {
    let mut request = Request::new(body);
    (*request.method_mut(), *request.uri_mut()) = (Method::POST, Uri::from_static(PATH));
    *request.version_mut() = Version::HTTP_2;
    let headers = request.headers_mut();
    headers.insert("te", HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, GRPC);
    headers.insert(hello::SESSION, token.header());
    poll_fn(|cx| channel.poll_ready(cx)).await.map_err(|error| error.to_string())?;
    let response = channel.call(request).await.map_err(|error| error.to_string())?;
    match refusal(response.headers()) {
        None if response.status().is_success() => Ok(response.into_body()),
        None => Err(response.status().to_string()),
        Some(why) => Err(why),
    }
}

/// Why the stream was not opened.
fn refusal(headers: &HeaderMap) -> Option<String> {
    let status = headers.get("grpc-status").filter(|status| status.as_bytes() != b"0")?;
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Some(headers.get("grpc-message").map_or_else(|| format!("status {}", text(status)), text))
}

/// What a request says of its session.
pub(crate) fn token(headers: &HeaderMap) -> Option<Token> {
    let text = headers.get(hello::SESSION)?.to_str().ok()?;
    u128::from_str_radix(text, 16).ok().map(|number| Token(number.to_be_bytes()))
}

impl Token {
    fn header(self) -> HeaderValue {
        let text = format!("{:032x}", u128::from_be_bytes(self.0));
        let mut value = HeaderValue::try_from(text).expect("hexadecimal digits are a header's value");
        value.set_sensitive(true);
        value
    }
}

/// The answer to a request that opens a stream.
pub(crate) fn accepted(session: Arc<Session>) -> Response<Body> {
    respond(Body::new(DataWriter::response(session)), &[])
}

/// The answer to a request that does not.
pub(crate) fn refused(why: &'static str) -> Response<Body> {
    let status = HeaderValue::from(Code::FailedPrecondition as i32);
    respond(Body::empty(), &[("grpc-status", status), ("grpc-message", HeaderValue::from_static(why))])
}

fn respond(body: Body, headers: &[(&'static str, HeaderValue)]) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, GRPC);
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.clone()));
    response.headers_mut().extend(headers);
    response
}
