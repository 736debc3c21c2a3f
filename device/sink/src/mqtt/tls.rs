use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{MqttError, MqttOptions};

/// How a connection is made secret, and whom it has to reach.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) connector: TlsConnector,
    pub(crate) server: ServerName<'static>,
}

impl Tls {
    /// `None` for a broker without TLS.
    pub(crate) fn of(options: &MqttOptions) -> Result<Option<Self>, MqttError> {
        if !options.tls {
            return match options.tls_files() {
                Some(path) => Err(MqttError::File {
                    path: path.to_owned(),
                    why: format!(
                        "certificates are of no use to {}; mqtts:// uses them",
                        options.address()
                    ),
                }),
                None => Ok(None),
            };
        }
        let wrong = |e: &dyn std::fmt::Display| MqttError::Tls(e.to_string());
        let server = ServerName::try_from(options.host.clone()).map_err(|e| wrong(&e))?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| wrong(&e))?
            .with_root_certificates(roots(options.ca.as_deref())?);
        let config = match &options.identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate)?;
                let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| match e {
                    pem::Error::Io(e) => unusable(key, "key", &e),
                    // Its text might be the key's.
                    _ => unusable(key, "key", &"none in the file"),
                })?;
                let config = config.with_client_auth_cert(chain, secret);
                config.map_err(|e| unusable(key, "key for the client's certificate", &e))?
            }
        };
        Ok(Some(Self {
            connector: TlsConnector::from(Arc::new(config)),
            server,
        }))
    }
}

/// The certificates in `ca`, or else those that the system trusts.
fn roots(ca: Option<&Path>) -> Result<RootCertStore, MqttError> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            for certificate in certificates(path)? {
                let added = roots.add(certificate);
                added.map_err(|e| unusable(path, "certificate", &e))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(MqttError::Tls(
                    "this system trusts no certificate authority; install ca-certificates, or name the broker's CA file"
                        .to_owned(),
                ));
            }
        }
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, MqttError> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let certificates: Vec<_> = certificates.map_err(|e| unusable(path, "certificate", &e))?;
    match certificates.is_empty() {
        true => Err(unusable(path, "certificate", &"none in the file")),
        false => Ok(certificates),
    }
}

fn unusable(path: &Path, what: &str, why: &dyn std::fmt::Display) -> MqttError {
    MqttError::File {
        path: path.to_owned(),
        why: format!("expected a PEM {what}: {why}"),
    }
}
