//! A local server that answers every request with the one answer it was given last.

use std::sync::{Arc, Mutex};

use chatwoot::{BaseUrl, Client, ClientConfig, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::recording::Recorded;

#[derive(Default)]
struct Shared {
    answer: Vec<u8>,
    asked: (String, String),
}

pub(crate) struct Peer {
    shared: Arc<Mutex<Shared>>,
    client: Client,
}

impl Peer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Mutex::new(Shared::default()));
        let served = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&served)));
            }
        });
        let config = ClientConfig::new(BaseUrl::parse(&base).expect("an address"), 1, Secret::new("token"));
        Self { shared, client: Client::new(config).expect("a client") }
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(crate) fn serve(&self, recorded: &Recorded) {
        let mut head = format!("HTTP/1.1 {} Recorded\r\ncontent-length: {}\r\n", recorded.status, recorded.body.len());
        for (name, value) in [("content-type", &recorded.content_type), ("location", &recorded.location)] {
            if let Some(value) = value {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        let answer = [head.as_bytes(), b"\r\n", &recorded.body].concat();
        let mut shared = self.shared.lock().expect("not poisoned");
        *shared = Shared { answer, ..Shared::default() };
    }

    /// Method and path of the request since the last `serve`.
    pub(crate) fn asked(&self) -> (String, String) {
        self.shared.lock().expect("not poisoned").asked.clone()
    }
}

/// Serves one connection for as long as the client keeps it.
async fn answer(mut stream: TcpStream, shared: Arc<Mutex<Shared>>) {
    let mut bytes = Vec::new();
    loop {
        let Some(end) = bytes.windows(4).position(|at| at == b"\r\n\r\n") else {
            match stream.read_buf(&mut bytes).await {
                Ok(1..) => continue,
                _ => return,
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        assert!(header("api_access_token").is_none(), "the underscore spelling is not sent");
        let length: Option<usize> = header("content-length").map(|text| text.parse().expect("a length"));
        let done = |bytes: &[u8]| match length {
            Some(length) => bytes.len() >= end + 4 + length,
            // A form with files is sent in chunks, of which the last is empty.
            None => header("transfer-encoding").is_none() || bytes.ends_with(b"0\r\n\r\n"),
        };
        while !done(&bytes) {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        }
        bytes.clear();
        let mut words = head.split(' ').map(str::to_owned);
        let asked = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let reply = {
            let mut shared = shared.lock().expect("not poisoned");
            shared.asked = asked;
            shared.answer.clone()
        };
        if stream.write_all(&reply).await.is_err() {
            return;
        }
    }
}
