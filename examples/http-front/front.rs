//! The HTTP side: routes, time-outs, and which status an error is.

use std::time::Duration;

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use ember::{LostReason, RefusedReason, prelude::*};
use tokio::{net::TcpListener, sync::watch};

use crate::shop::{ShopClient, ShopError};

/// Shorter than what callers of HTTP wait for, so that they get an answer and not a broken connection.
const CALL: Duration = Duration::from_secs(2);

/// What each request has: a clone of the client, which is an address and a counted pointer to the node.
#[derive(Clone)]
pub struct Front {
    pub shop: ShopClient,
}

/// Serves until `stopped` says so, and then until the requests that are under way are answered.
pub async fn serve(listener: TcpListener, front: Front, mut stopped: watch::Receiver<bool>) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/buy/{item}", post(buy))
        .route("/alive", get(|| async { "yes" })) // asks no service: a busy one is no reason to be killed
        .with_state(front);
    let end = async move {
        let _gone = stopped.wait_for(|stopped| *stopped).await;
    };
    axum::serve(listener, routes).with_graceful_shutdown(end).await
}

async fn buy(State(front): State<Front>, Path(item): Path<String>) -> (StatusCode, String) {
    match front.shop.rpc_buy(item).timeout(CALL).await {
        Ok(left) => (StatusCode::OK, format!("{left} gold left")),
        Err(CallError::App(error)) => (of_shop(&error), error.to_string()),
        Err(CallError::NotExecuted(refused)) => (not_executed(refused.reason()), "nothing was bought".into()),
        Err(CallError::MaybeExecuted(lost)) => (maybe_executed(lost.reason()), "perhaps it was bought".into()),
    }
}

fn of_shop(error: &ShopError) -> StatusCode {
    match error {
        ShopError::UnknownItem(_) => StatusCode::NOT_FOUND,
        ShopError::NotEnoughGold(_) => StatusCode::CONFLICT,
    }
}

/// It did not run: 503 says "again, later", unless that would not help.
fn not_executed(reason: &RefusedReason) -> StatusCode {
    use RefusedReason as R;
    match reason {
        R::MailboxFull { .. } | R::LinkFull { .. } => StatusCode::TOO_MANY_REQUESTS,
        R::TooLarge { .. } | R::TooMuchBeside(_) => StatusCode::PAYLOAD_TOO_LARGE,
        R::Denied { .. } => StatusCode::FORBIDDEN,
        R::SignatureMismatch { .. } | R::UnknownMethod | R::Undecodable(_) | R::Cycle(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// It may have run: whoever asks again must say that it is the same question.
fn maybe_executed(reason: &LostReason) -> StatusCode {
    match reason {
        LostReason::Deadline => StatusCode::GATEWAY_TIMEOUT,
        LostReason::Panicked(_) | LostReason::Undecodable(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_GATEWAY,
    }
}
