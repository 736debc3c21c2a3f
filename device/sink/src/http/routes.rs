//! What is served where.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::sse::{Event, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until, timeout};

use super::live::{Shared, Watcher};
use super::{frames, guard, metrics, rejects};

type Server = State<Arc<Shared>>;

/// The least time between two events, and the most.
const EVENTS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// How long a lone request for a picture waits for one.
const PICTURE_WAIT: Duration = Duration::from_secs(3);
/// Files are sent in pieces of this many bytes, so that a slow client holds no more.
const PIECE: u64 = 64 << 10;

/// All routes, behind the guard.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(CONTENT_TYPE, kind)], text) })
    };
    Router::new()
        .route("/", get(|| async { Html(include_str!("page/index.html")) }))
        .route(
            "/page.css",
            file("text/css; charset=utf-8", include_str!("page/page.css")),
        )
        .route(
            "/page.js",
            file(
                "text/javascript; charset=utf-8",
                include_str!("page/page.js"),
            ),
        )
        .route(
            "/curve.js",
            file(
                "text/javascript; charset=utf-8",
                include_str!("page/curve.js"),
            ),
        )
        .route(
            "/rejects.js",
            file(
                "text/javascript; charset=utf-8",
                include_str!("page/rejects.js"),
            ),
        )
        .route(
            "/icon.svg",
            file("image/svg+xml", include_str!("page/icon.svg")),
        )
        .route("/healthz", get(healthz))
        .route(
            "/metrics",
            get(|State(shared): Server| async move {
                (
                    [(CONTENT_TYPE, metrics::CONTENT_TYPE)],
                    metrics::text(&shared),
                )
            }),
        )
        .route("/frame.jpg", get(frame))
        .route("/api/events", get(events))
        .route(
            "/api/state",
            get(|State(shared): Server| async move { json(&shared.snapshot()) }),
        )
        .route(
            "/api/history",
            get(|State(shared): Server| async move { json(&shared.history()) }),
        )
        .route("/api/rejects", get(list_rejects))
        .route("/rejects/{name}", get(reject))
        .fallback(|| async { (StatusCode::NOT_FOUND, "nothing is here\n") })
        .layer(from_fn_with_state(Arc::clone(&shared), guard::guard))
        .with_state(shared)
}

/// The page for who has no token.
pub(super) fn locked(why: &str) -> Html<String> {
    Html(include_str!("page/locked.html").replace("{why}", why))
}

fn json(value: &Value) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, "application/json")], value.to_string())
}

async fn healthz(State(shared): Server) -> (StatusCode, String) {
    match shared.state().fault() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}

struct Events {
    watcher: Watcher,
    changed: watch::Receiver<()>,
    /// When the next event may leave; none before the first.
    next: Option<Instant>,
}

/// The state at once, after each change, and at least each second, so that silence tells of a broken connection.
async fn events(State(shared): Server) -> Response {
    let Some(watcher) = Watcher::new(&shared) else {
        let text = "too many pages are open\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], text).into_response();
    };
    let changed = shared.changed.subscribe();
    let events = Events {
        watcher,
        changed,
        next: None,
    };
    Sse::new(stream::unfold(events, |mut events| async move {
        let mut event = Event::default();
        match events.next {
            None => event = event.retry(EVENTS.1),
            Some(next) => {
                // The sender lives as long as the watcher; a time-out is an event too.
                let _ = timeout(EVENTS.1, events.changed.changed()).await;
                sleep_until(next).await;
            }
        }
        events.next = Some(Instant::now() + EVENTS.0);
        events.changed.mark_unchanged();
        let event = event.data(events.watcher.0.snapshot().to_string());
        Some((Ok::<_, Infallible>(event), events))
    }))
    .into_response()
}

async fn frame(State(shared): Server) -> Response {
    shared.want_picture(PICTURE_WAIT + PICTURE_WAIT);
    let mut changed = shared.changed.subscribe();
    let is_there = |shared: &Shared| {
        let live = shared.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.shot
            .as_ref()
            .is_some_and(|shot| shot.taken.elapsed() <= shared.stale_after)
    };
    let wait = async { while !is_there(&shared) && changed.changed().await.is_ok() {} };
    let unavailable =
        |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response();
    if timeout(PICTURE_WAIT, wait).await.is_err() {
        return unavailable("no picture comes");
    }
    match spawn_blocking(move || frames::newest(&shared)).await {
        Ok(Ok(jpeg)) => {
            let frame = (HeaderName::from_static("x-frame"), jpeg.frame.to_string());
            ([(CONTENT_TYPE, "image/jpeg".to_owned()), frame], jpeg.bytes).into_response()
        }
        Ok(Err(why)) => unavailable(&why),
        Err(_) => unavailable("the picture could not be made"),
    }
}

#[derive(Deserialize)]
struct Part {
    before: Option<String>,
    limit: Option<usize>,
}

async fn list_rejects(State(shared): Server, Query(part): Query<Part>) -> Response {
    let Some(folder) = shared.rejects.clone() else {
        return no_rejects();
    };
    let limit = part.limit.unwrap_or(24).clamp(1, rejects::LIMIT);
    let read = move || -> io::Result<String> {
        let page = rejects::list(&folder, part.before.as_deref(), limit)?;
        Ok(serde_json::to_string(&page)?)
    };
    match spawn_blocking(read).await {
        Ok(Ok(page)) => ([(CONTENT_TYPE, "application/json")], page).into_response(),
        Ok(Err(e)) => {
            let why = format!("the folder of rejected frames cannot be read: {e}\n");
            (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn reject(State(shared): Server, Path(name): Path<String>) -> Response {
    let Some(folder) = shared.rejects.clone() else {
        return no_rejects();
    };
    let find = move |folder: PathBuf| rejects::find(&folder, &name);
    match spawn_blocking(move || find(folder)).await {
        Ok(Some(found)) => {
            let headers = [
                (CONTENT_TYPE, found.kind.to_owned()),
                (CONTENT_LENGTH, found.len.to_string()),
            ];
            (headers, in_pieces(found.file, found.len)).into_response()
        }
        _ => (
            StatusCode::NOT_FOUND,
            "no such frame; the oldest make room for new ones\n",
        )
            .into_response(),
    }
}

fn no_rejects() -> Response {
    (StatusCode::NOT_FOUND, "rejected frames are not kept\n").into_response()
}

fn in_pieces(file: File, len: u64) -> Body {
    Body::from_stream(stream::unfold(Some((file, len)), |rest| async {
        let (file, left) = rest.filter(|&(_, left)| left > 0)?;
        let piece = spawn_blocking(move || piece(file, left)).await;
        Some(match piece.map_err(io::Error::other).flatten() {
            Ok((piece, rest)) => (Ok(piece), Some(rest)),
            Err(e) => (Err(e), None),
        })
    }))
}

/// The next piece, and the file with what is left of it.
fn piece(mut file: File, left: u64) -> io::Result<(Bytes, (File, u64))> {
    let mut piece = Vec::new();
    let n = file
        .by_ref()
        .take(left.min(PIECE))
        .read_to_end(&mut piece)? as u64;
    if n == 0 {
        // The file was cut meanwhile: the answer breaks off.
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((piece.into(), (file, left - n)))
}
