//! What the driver of a concurrent service does while its handlers run: it waits for what only it can see to.

use std::{future::poll_fn, sync::Arc, time::Duration};

use tokio::time::timeout;

use super::serve::End;
use crate::actor::{
    about::{Restart, ServiceState},
    cell::{Cell, Seat, Together},
    erased::AnyCell,
    hands::Event,
    service::{Body, Service},
    turn::Held,
};

/// After a panic, and when one has asked for a new start, the other handlers have so long to end before the service is started again.
const OTHERS: Duration = Duration::from_secs(1);

/// Has workers handle messages until there is a reason not to; then none of them runs any more. None if the state of the service was lost.
pub(super) async fn serve_together<'a, S: Service>(
    body: Box<Body<S>>,
    mut held: Held<'a, Seat<S>>,
    together: &Together<S>,
    cell: &Arc<Cell<S>>,
) -> Option<(Held<'a, Seat<S>>, Box<Body<S>>, End)> {
    held.hurry(false);
    cell.open(together, *body);
    let end = loop {
        let always = cell.supervision().restart == Restart::Always;
        match poll_fn(|task| cell.poll_event(together, task)).await {
            Event::Over => break End::Drained,
            Event::Failed => {
                // It is not started again.
                if Cell::take_stop(together) && !always {
                    cell.retire();
                }
                break End::Panicked;
            }
            Event::Stops => {
                Cell::take_stop(together);
                if always && cell.state() != ServiceState::Retiring {
                    break End::Asked;
                }
                cell.retire();
            }
        }
    };
    Cell::ebb(together);
    let closed = || poll_fn(|task| cell.poll_closed(together, task));
    let body = match end {
        End::Panicked | End::Asked => match timeout(OTHERS, closed()).await {
            Ok(body) => body,
            Err(_) => {
                Cell::cut(together);
                closed().await
            }
        },
        End::Drained => closed().await,
    };
    // What was to be seen to meanwhile, and is known to nobody in another life.
    let (stops, has_failed) = Cell::take_last(together);
    let end = if has_failed { End::Panicked } else { end };
    if stops && cell.supervision().restart != Restart::Always {
        cell.retire();
    }
    Some((held, body?, end))
}
