//! Who may ask for what, before any route is looked at.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Token;
use super::live::Shared;

const COOKIE: &str = "normgate";
/// A phone on a wall keeps its right to look for a month.
const COOKIE_SECONDS: u32 = 30 * 24 * 3600;

/// On every answer. No other site may read, frame or embed anything. The hash is that of the style in `locked.html`,
/// which cannot fetch a file.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self' \
         'sha256-Jl+WgjXoerb7Bp2EGcHBUnmo7CAWNB+dG9HIQ2dlM2U='; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Answers what may not be asked, and marks every answer.
pub(super) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match refusal(&shared, &request) {
        None => next.run(request).await,
        Some(refusal) => refusal,
    };
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The answer to what may not be asked.
fn refusal(shared: &Shared, request: &Request) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET, HEAD")];
        let text = "expected GET or HEAD\n";
        return Some((StatusCode::METHOD_NOT_ALLOWED, allow, text).into_response());
    }
    let (uri, headers) = (request.uri(), request.headers());
    let is_local = shared.addr.ip().to_canonical().is_loopback();
    if is_local && !is_own_host(host(uri, headers), shared.addr) {
        let text = "this address is not served here: expected localhost\n";
        return Some((StatusCode::MISDIRECTED_REQUEST, text).into_response());
    }
    let token = shared.token.as_ref()?;
    if uri.path() == "/healthz" {
        return None;
    }
    if uri.path() == "/"
        && let Some(shown) = shown_once(uri)
    {
        return Some(enter(token, &shown));
    }
    (!shows(token, headers)).then(|| locked(headers))
}

/// The name that the client has for this server. A page of another site that points its own name at this machine
/// (DNS rebinding) is told apart by it.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, None) => uri.host(),
        _ => None,
    }
}

fn is_own_host(host: Option<&str>, addr: SocketAddr) -> bool {
    let Some(host) = host else { return false };
    // The port may be another one: that of a tunnel.
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|n| n.strip_suffix(']'))
        .unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback() || ip == addr.ip())
}

#[derive(Deserialize)]
struct Shown {
    token: Option<String>,
}

fn shown_once(uri: &Uri) -> Option<String> {
    let Query(Shown { token }) = Query::try_from_uri(uri).ok()?;
    // A plus sign stands for a blank there, and no token has a blank.
    token.map(|token| token.replace(' ', "+"))
}

/// The right token in the address is moved to where no history keeps it.
fn enter(token: &Token, shown: &str) -> Response {
    if !token.is(shown) {
        return (
            StatusCode::UNAUTHORIZED,
            super::routes::locked("This link's token is wrong."),
        )
            .into_response();
    }
    let secret = token.secret();
    let cookie =
        format!("{COOKIE}={secret}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict");
    let headers = [
        (header::SET_COOKIE, cookie),
        (header::LOCATION, "/".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn shows(token: &Token, headers: &HeaderMap) -> bool {
    let text = |value: &'_ HeaderValue| value.to_str().ok().map(str::to_owned);
    let bearer = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .filter_map(text)
        .any(|value| {
            let (scheme, shown) = value.split_once(' ').unwrap_or_default();
            scheme.eq_ignore_ascii_case("bearer") && token.is(shown.trim())
        });
    bearer
        || headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(text)
            .any(|value| {
                let mut pairs = value
                    .split(';')
                    .filter_map(|pair| pair.trim().split_once('='));
                pairs.any(|(name, shown)| name == COOKIE && token.is(shown))
            })
}

fn locked(headers: &HeaderMap) -> Response {
    let ask = [(header::WWW_AUTHENTICATE, "Bearer realm=\"normgate\"")];
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    if accept.contains("text/html") {
        let page = super::routes::locked("This page needs its token.");
        return (StatusCode::UNAUTHORIZED, ask, page).into_response();
    }
    (
        StatusCode::UNAUTHORIZED,
        ask,
        "a token is needed: Authorization: Bearer TOKEN\n",
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_are_served() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 9090));
        for own in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:9090",
            "127.0.0.2",
            "[::1]:80",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_own_host(Some(own), addr), "{own}");
        }
        for other in [
            "evil.test",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "10.0.0.1",
            "",
            ":80",
            "[::2]",
        ] {
            assert!(!is_own_host(Some(other), addr), "{other}");
        }
        assert!(!is_own_host(None, addr));
    }
}
