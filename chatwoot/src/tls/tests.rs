use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;

use super::*;
use crate::cable::{CableConfig, Subscription, connect};
use crate::{BaseUrl, Client, ClientConfig, Secret};

/// An operator's own authority with a server for 127.0.0.1, made anew for each test: no key lies in a file.
struct Authority {
    /// Its certificate.
    pem: String,
    server: Arc<ServerConfig>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "afenda test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let cert = params.signed_by(&key, &issuer).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.into()], key.into())
            .unwrap();
        Self { pem, server: Arc::new(server) }
    }

    fn trusted(&self) -> Roots {
        Roots { ca_file: None, ca_pem: Some(self.pem.clone()) }
    }
}

#[test]
fn a_ca_text_without_certificate_is_refused_by_name() {
    let roots = Roots { ca_file: None, ca_pem: Some("hello".to_owned()) };
    assert_eq!(client_config(&roots, &[]).unwrap_err().to_string(), "the CA text holds no certificate");
}

#[test]
fn a_missing_ca_file_is_named() {
    let roots = Roots { ca_file: Some("/nonexistent/ca.pem".into()), ca_pem: None };
    assert!(client_config(&roots, &[]).unwrap_err().to_string().contains("/nonexistent/ca.pem"));
}

/// A server whose certificate comes from `authority`; answers one connection with `answer` and ends.
fn peer(authority: &Authority, answer: &'static str) -> (BaseUrl, std::thread::JoinHandle<()>) {
    let config = Arc::clone(&authority.server);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = BaseUrl::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = rustls::ServerConnection::new(config).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let mut chunk = [0; 1024];
            match stream.read(&mut chunk) {
                Ok(read @ 1..) => bytes.extend_from_slice(&chunk[..read]),
                // The client did not trust the certificate.
                _ => return,
            }
        }
        stream.write_all(answer.as_bytes()).unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    });
    (base, thread)
}

const VERSION: &str = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"version\":\"4.15.1\"}";

#[tokio::test]
async fn an_own_authority_is_trusted_where_it_is_named_and_only_there() {
    let authority = Authority::new();
    for (roots, trusted) in [(authority.trusted(), true), (Roots::default(), false)] {
        let (base, thread) = peer(&authority, VERSION);
        let config = ClientConfig { roots, ..ClientConfig::new(base, 1, Secret::new("token")) };
        let answer = Client::new(config).unwrap().api_info().await;
        match answer {
            Ok(info) => assert!(trusted && info.version == "4.15.1"),
            Err(err) => assert!(!trusted && matches!(err.kind, ErrorKind::Tls { .. }), "{err:?}"),
        }
        thread.join().unwrap();
    }
}

#[tokio::test]
async fn an_authority_from_a_file_counts_as_well() {
    let authority = Authority::new();
    let (base, thread) = peer(&authority, VERSION);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &authority.pem).unwrap();
    let roots = Roots { ca_file: Some(file), ca_pem: None };
    let config = ClientConfig { roots, ..ClientConfig::new(base, 1, Secret::new("token")) };
    assert_eq!(Client::new(config).unwrap().api_info().await.unwrap().version, "4.15.1");
    thread.join().unwrap();
}

#[tokio::test]
async fn the_websocket_trusts_the_same() {
    let authority = Authority::new();
    for (roots, trusted) in [(authority.trusted(), true), (Roots::default(), false)] {
        let (base, thread) = peer(&authority, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        let subscription = Subscription { pubsub_token: Secret::new("T"), account_id: 1, user_id: 1 };
        let config = CableConfig { roots, connect_timeout: Duration::from_secs(60), ..CableConfig::new(base, subscription) };
        let kind = connect(config).await.unwrap_err().kind;
        let fits = if trusted { matches!(kind, ErrorKind::NotFound { .. }) } else { matches!(kind, ErrorKind::Tls { .. }) };
        assert!(fits, "{kind:?}");
        thread.join().unwrap();
    }
}
