//! Whom TLS trusts: the system's certificates plus, where given, the operator's own authority. Used by REST and websocket alike.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::error::{Error, ErrorKind};

/// Certificates trusted in addition to the system's own.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// A PEM file with one or more certificates of an own authority.
    pub ca_file: Option<PathBuf>,
    /// The same as text.
    pub ca_pem: Option<String>,
}

/// Builds the TLS settings: ring, TLS 1.2 and 1.3, system roots plus `roots`. `alpn` names the protocols to offer, most wanted first.
///
/// # Errors
/// [`ErrorKind::Config`] where the file cannot be read or holds no certificate.
pub(crate) fn client_config(roots: &Roots, alpn: &[&[u8]]) -> Result<rustls::ClientConfig, Error> {
    let mut store = rustls::RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(native.certs);
    if let Some(path) = &roots.ca_file {
        let pem = std::fs::read(path).map_err(|err| config(format!("cannot read the CA file {}", path.display())).because(err))?;
        add_pem(&mut store, &pem, &path.display().to_string())?;
    }
    if let Some(pem) = &roots.ca_pem {
        add_pem(&mut store, pem.as_bytes(), "the CA text")?;
    }
    // Not installed for the whole process: other crates may bring their own provider.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| config("TLS is not available".to_owned()).because(err))?
        .with_root_certificates(store)
        .with_no_client_auth();
    tls.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(tls)
}

fn add_pem(store: &mut rustls::RootCertStore, pem: &[u8], what: &str) -> Result<(), Error> {
    let mut found = 0_usize;
    for cert in CertificateDer::pem_slice_iter(pem) {
        let cert = cert.map_err(|err| config(format!("{what} is not PEM: {err}")))?;
        store.add(cert).map_err(|err| config(format!("{what} holds a certificate that cannot be trusted")).because(err))?;
        found += 1;
    }
    if found == 0 { Err(config(format!("{what} holds no certificate"))) } else { Ok(()) }
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config { message })
}

#[cfg(test)]
mod tests;
