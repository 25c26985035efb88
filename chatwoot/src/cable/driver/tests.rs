//! The driver against a local websocket.

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use super::*;
use crate::Secret;

type PeerSocket = WebSocketStream<TcpStream>;

async fn listen() -> (TcpListener, CableConfig) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let subscription = Subscription { pubsub_token: Secret::new("hush"), account_id: 7, user_id: 2 };
    (listener, CableConfig::new(base, subscription))
}

/// Accepts a websocket, welcomes it, and returns it with the identifier it subscribed to.
#[expect(clippy::result_large_err, reason = "the callback's type is tungstenite's")]
async fn welcome(listener: TcpListener) -> (PeerSocket, Value) {
    let (stream, _) = listener.accept().await.unwrap();
    let check = |request: &Request, mut response: Response| {
        assert_eq!(request.uri().path(), "/cable");
        assert_eq!(request.headers()["sec-websocket-protocol"], "actioncable-v1-json, actioncable-unsupported");
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("actioncable-v1-json"));
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async(stream, check).await.unwrap();
    say(&mut socket, &json!({"type": "welcome"})).await;
    let command = socket.next().await.unwrap().unwrap();
    let command: Value = serde_json::from_str(command.to_text().unwrap()).unwrap();
    assert_eq!(command["command"], "subscribe");
    (socket, command["identifier"].clone())
}

async fn say(socket: &mut PeerSocket, value: &Value) {
    socket.send(WsMessage::text(value.to_string())).await.unwrap();
}

#[tokio::test]
async fn events_flow_until_the_server_says_goodbye() {
    let (listener, config) = listen().await;
    let peer = tokio::spawn(async move {
        let (mut socket, identifier) = welcome(listener).await;
        say(&mut socket, &json!({"type": "confirm_subscription", "identifier": identifier})).await;
        say(&mut socket, &json!({"type": "ping", "message": 1})).await;
        for (id, account_id) in [(1, 8), (2, 7)] {
            let data = json!({"id": id, "account_id": account_id, "conversation_id": 20});
            say(&mut socket, &json!({"identifier": identifier, "message": {"event": "message.created", "data": data}})).await;
        }
        say(&mut socket, &json!({"type": "disconnect", "reason": "server_restart", "reconnect": true})).await;
        // Held until the driver hangs up, so that the goodbye is what ends it.
        while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    });
    let mut cable = connect(config).await.unwrap();
    assert!(matches!(cable.next().await, Some(CableItem::Confirmed)));
    let Some(CableItem::Event(event)) = cable.next().await else { panic!("no event") };
    assert!(matches!(&*event, CableEvent::MessageCreated(message) if message.id == 2));
    let closed = Closed::Disconnected { reason: "server_restart".to_owned(), reconnect: true };
    assert!(matches!(cable.next().await, Some(CableItem::Closed(why)) if why == closed));
    assert!(cable.next().await.is_none());
    peer.await.unwrap();
}

#[tokio::test]
async fn a_server_that_stays_silent_is_left() {
    let (listener, mut config) = listen().await;
    config.limits.confirm = Duration::from_millis(20);
    let peer = tokio::spawn(async move {
        let (mut socket, _) = welcome(listener).await;
        while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    });
    let mut cable = connect(config).await.unwrap();
    assert!(matches!(cable.next().await, Some(CableItem::Closed(Closed::NotConfirmed))));
    peer.await.unwrap();
}

#[tokio::test]
async fn a_stream_that_just_ends_is_an_end() {
    let (listener, config) = listen().await;
    let peer = tokio::spawn(async move {
        // Dropped without a close frame, as a stopped server does.
        let _ = welcome(listener).await;
    });
    let mut cable = connect(config).await.unwrap();
    assert!(matches!(cable.next().await, Some(CableItem::Closed(Closed::Broken(_) | Closed::Ended))));
    peer.await.unwrap();
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_it() {
    let (listener, mut config) = listen().await;
    config.frame_bytes_max = 64;
    let peer = tokio::spawn(async move {
        let (mut socket, _) = welcome(listener).await;
        let _ = socket.send(WsMessage::text("x".repeat(65))).await;
        while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    });
    let mut cable = connect(config).await.unwrap();
    assert!(matches!(cable.next().await, Some(CableItem::Closed(Closed::Broken(_)))));
    peer.await.unwrap();
}

#[tokio::test]
async fn dropping_it_hangs_up() {
    let (listener, config) = listen().await;
    let peer = tokio::spawn(async move {
        let (mut socket, identifier) = welcome(listener).await;
        say(&mut socket, &json!({"type": "confirm_subscription", "identifier": identifier})).await;
        while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    });
    let mut cable = connect(config).await.unwrap();
    assert!(matches!(cable.next().await, Some(CableItem::Confirmed)));
    drop(cable);
    // Ends only because the connection did.
    peer.await.unwrap();
}

/// Answers the handshake with plain HTTP.
async fn refused(answer: &'static str) -> Error {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (listener, config) = listen().await;
    let peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") && stream.read_buf(&mut bytes).await.unwrap() > 0 {}
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let err = connect(config).await.unwrap_err();
    peer.await.unwrap();
    err
}

#[tokio::test]
async fn a_proxy_without_websocket_is_named() {
    let err = refused("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>").await;
    assert!(matches!(err.kind, ErrorKind::NotChatwoot { .. }), "{err:?}");
    let err = refused("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await;
    assert!(matches!(err.kind, ErrorKind::Server { status: 502, .. }), "{err:?}");
}

#[tokio::test]
async fn a_refused_connection_and_a_peer_without_tls_are_told_apart() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (listener, config) = listen().await;
    drop(listener);
    assert_eq!(connect(config).await.unwrap_err().kind, ErrorKind::Connect);
    let (listener, mut config) = listen().await;
    config.base = BaseUrl::parse(&config.base.to_string().replace("http:", "https:")).unwrap();
    let peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let err = connect(config).await.unwrap_err();
    assert!(matches!(err.kind, ErrorKind::Tls { .. }), "{err:?}");
    peer.await.unwrap();
}
