//! One websocket connection, driven by a [`Machine`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::HeaderValue;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as WsMessage};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use super::event::CableEvent;
use super::machine::{Action, Closed, Limits, Machine, Subscription};
use crate::error::{Answer, Call, Error, ErrorKind};
use crate::rest::{BaseUrl, tls_failure};
use crate::tls::{self, Roots};

/// Events that wait for the caller. A full queue stops the reading, and the server's own buffers fill: 256 events of 4 KiB are 1 MiB.
const QUEUE_MAX: usize = 256;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Where and as whom to connect.
#[derive(Clone, Debug)]
pub struct CableConfig {
    /// Address of the server.
    pub base: BaseUrl,
    /// Whose events.
    pub subscription: Subscription,
    /// Certificates trusted besides the system's.
    pub roots: Roots,
    /// Limit for connection and handshake. Default 10 s.
    pub connect_timeout: Duration,
    /// Limits of the protocol.
    pub limits: Limits,
    /// Limit of a frame, in bytes. Default 8 MiB: a notification carries its message three times, each of up to 150,000 characters.
    pub frame_bytes_max: usize,
}

impl CableConfig {
    /// Settings with their defaults.
    pub fn new(base: BaseUrl, subscription: Subscription) -> Self {
        Self {
            base,
            subscription,
            roots: Roots::default(),
            connect_timeout: Duration::from_secs(10),
            limits: Limits::default(),
            frame_bytes_max: 8 * 1024 * 1024,
        }
    }
}

/// What comes out of a connection.
#[derive(Debug)]
pub enum CableItem {
    /// Events flow from here on: read now what was missed before.
    Confirmed,
    /// An event.
    Event(Box<CableEvent>),
    /// The end; nothing follows.
    Closed(Closed),
}

/// A connection. Dropping it closes it.
#[derive(Debug)]
pub struct Cable {
    items: mpsc::Receiver<CableItem>,
    task: tokio::task::JoinHandle<()>,
}

impl Cable {
    /// The next item; none after [`CableItem::Closed`]. Cancel safe.
    pub async fn next(&mut self) -> Option<CableItem> {
        self.items.recv().await
    }

    /// An item that is there already.
    pub fn try_next(&mut self) -> Option<CableItem> {
        self.items.try_recv().ok()
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Opens a connection and subscribes. Returns when the websocket is open; the confirmation comes as an item.
///
/// Goes straight to the server: proxies of the environment are not used for the websocket.
///
/// # Errors
/// [`ErrorKind::Connect`], [`ErrorKind::Tls`], [`ErrorKind::Timeout`], [`ErrorKind::Config`], and what an HTTP answer instead of a
/// websocket means.
pub async fn connect(config: CableConfig) -> Result<Cable, Error> {
    let call = Call { method: "GET", path: config.base.cable().path().to_owned(), writes: false };
    let opened = tokio::time::timeout(config.connect_timeout, open(&config)).await;
    let socket = opened
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Timeout)))
        .map_err(|err| if err.call.is_none() { err.during(call) } else { err })?;
    let (out, items) = mpsc::channel(QUEUE_MAX);
    let task = tokio::spawn(drive(socket, config.subscription, config.limits, out));
    Ok(Cable { items, task })
}

async fn open(config: &CableConfig) -> Result<Socket, Error> {
    let url = config.base.cable();
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let connector =
        if url.scheme() == "wss" { Connector::Rustls(Arc::new(tls::client_config(&config.roots, &[])?)) } else { Connector::Plain };
    let tcp = TcpStream::connect((host.as_str(), port)).await.map_err(|err| Error::new(ErrorKind::Connect).because(err))?;
    // Frames from us are few and small: none should wait for the next.
    let _ = tcp.set_nodelay(true);
    let mut request = url.as_str().into_client_request().map_err(handshake)?;
    let protocols = HeaderValue::from_static("actioncable-v1-json, actioncable-unsupported");
    request.headers_mut().insert(http::header::SEC_WEBSOCKET_PROTOCOL, protocols);
    let limits = WebSocketConfig::default().max_message_size(Some(config.frame_bytes_max)).max_frame_size(Some(config.frame_bytes_max));
    let (socket, _) = client_async_tls_with_config(request, tcp, Some(limits), Some(connector)).await.map_err(handshake)?;
    Ok(socket)
}

/// What a failed handshake means.
fn handshake(err: WsError) -> Error {
    if let WsError::Http(response) = &err {
        let header = |name: http::HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let answer = Answer {
            status: response.status().as_u16(),
            content_type: header(http::header::CONTENT_TYPE),
            retry_after: header(http::header::RETRY_AFTER),
            location: header(http::header::LOCATION),
            body: response.body().as_deref().unwrap_or_default(),
        };
        // A 200 is a page, too.
        if answer.status >= 300 {
            return Error::from_answer(Call { method: "GET", path: "/cable".to_owned(), writes: false }, &answer);
        }
    }
    let kind = if let Some(message) = tls_failure(&err) {
        ErrorKind::Tls { message }
    } else if matches!(err, WsError::Io(_)) {
        ErrorKind::Connect
    } else {
        ErrorKind::NotChatwoot { status: 0, message: "there is no websocket at /cable; a proxy may not pass it on".to_owned() }
    };
    Error::new(kind).because(err)
}

/// Runs a connection until it ends or nobody listens.
async fn drive(mut socket: Socket, subscription: Subscription, limits: Limits, out: mpsc::Sender<CableItem>) {
    let start = Instant::now();
    let mut machine = Machine::new(subscription, limits, Duration::ZERO);
    while let Some(deadline) = machine.deadline() {
        let actions = tokio::select! {
            // What has arrived counts before what is late: after a wait for a slow caller both are true.
            biased;
            frame = socket.next() => on_frame(&mut machine, frame, start.elapsed()),
            () = tokio::time::sleep_until(start + deadline) => machine.tick(start.elapsed()),
            () = out.closed() => break,
        };
        for action in actions {
            let item = match action {
                Action::Send(text) => match socket.send(WsMessage::text(text.expose())).await {
                    Ok(()) => continue,
                    Err(err) => CableItem::Closed(Closed::Broken(err.to_string())),
                },
                Action::Confirmed => CableItem::Confirmed,
                Action::Event(event) => CableItem::Event(event),
                Action::Close(why) => CableItem::Closed(why),
            };
            let over = matches!(item, CableItem::Closed(_));
            if out.send(item).await.is_err() || over {
                machine.ended(Closed::Ended);
                break;
            }
        }
    }
    if machine.foreign() > 0 {
        tracing::debug!(frames = machine.foreign(), "frames of other accounts were dropped");
    }
    // A goodbye, if the peer still takes one.
    let _ = tokio::time::timeout(Duration::from_secs(1), socket.close(None)).await;
}

fn on_frame(machine: &mut Machine, frame: Option<Result<WsMessage, WsError>>, now: Duration) -> Vec<Action> {
    match frame {
        Some(Ok(WsMessage::Text(text))) => machine.text(text.as_str(), now),
        // Answering a ping of the websocket itself is tungstenite's matter; a close frame is followed by the end of the stream.
        Some(Ok(_)) => Vec::new(),
        Some(Err(WsError::ConnectionClosed | WsError::AlreadyClosed)) | None => machine.ended(Closed::Ended),
        Some(Err(err)) => machine.ended(Closed::Broken(err.to_string())),
    }
}

#[cfg(test)]
mod tests;
