//! Certificates for servers of tests, made by openssl when they are needed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

/// What every new key is.
const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
/// Whom the servers' certificates are for.
const LOCALHOST: [&str; 4] = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];

/// Certificates in a folder of their own, for a server on `localhost`.
pub struct Certificates(TempDir);

impl Certificates {
    /// Makes them.
    ///
    /// # Panics
    /// When openssl is not on this machine.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it runs a program")]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("the temporary folder is writable");
        make(folder.path(), &|arguments| {
            let output = Command::new("openssl").args(arguments).output().expect("openssl starts");
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        });
        Self(folder)
    }

    /// A file in PEM: `ca.pem`, the authority; `other-ca.pem`, which signed nothing here.
    #[must_use]
    pub fn pem(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).expect("the file was made")
    }

    /// What a server accepts encrypted connections with, by the certificate that the authority has signed.
    ///
    /// # Panics
    /// Never, since openssl has made the files.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        let chain = CertificateDer::pem_file_iter(self.file("signed.pem")).expect("the file was made");
        let chain = chain.collect::<Result<Vec<_>, _>>().expect("it has certificates");
        let key = PrivateKeyDer::from_pem_file(self.file("signed.key")).expect("the file was made");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("the provider has what the protocol asks for").with_no_client_auth();
        TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).expect("the key is the certificate's")))
    }

    /// The path of a file.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Makes certificates and their keys in a folder: two authorities, `ca` and `other-ca`; `signed` and `expired`, which `ca` has
/// signed; `itself`, which has signed itself.
pub(crate) fn make(folder: &Path, openssl: &dyn Fn(&[&str])) {
    let text = |name: &str| folder.join(name).display().to_string();
    for (name, subject) in
        [("ca", &["-subj", "/CN=ca"][..]), ("other-ca", &["-subj", "/CN=other-ca"]), ("itself", &LOCALHOST)]
    {
        let (key, pem) = (text(&format!("{name}.key")), text(&format!("{name}.pem")));
        openssl(&[&["req", "-x509", "-days", "2", "-keyout", &key, "-out", &pem][..], &KEY, subject].concat());
    }
    write(folder, "index.txt", "");
    let settings = format!(
        "[ca]\ndefault_ca = d\n[d]\ndatabase = {}\nserial = {}\nnew_certs_dir = {}\ndefault_md = sha256\n\
         policy = p\nunique_subject = no\ncopy_extensions = copy\n[p]\ncommonName = supplied\n",
        text("index.txt"),
        text("serial"),
        folder.display(),
    );
    write(folder, "authority.cnf", &settings);
    for (name, from, to) in
        [("signed", "20200101000000Z", "20990101000000Z"), ("expired", "20200101000000Z", "20200201000000Z")]
    {
        let [key, request, pem] = ["key", "csr", "pem"].map(|ending| text(&format!("{name}.{ending}")));
        openssl(&[&["req", "-new", "-keyout", &key, "-out", &request][..], &KEY, &LOCALHOST].concat());
        let (config, authority, signer) = (text("authority.cnf"), text("ca.pem"), text("ca.key"));
        let by = ["-config", &config, "-rand_serial", "-cert", &authority, "-keyfile", &signer];
        let what = ["-startdate", from, "-enddate", to, "-in", &request, "-out", &pem];
        openssl(&[&["ca", "-batch", "-notext"][..], &by, &what].concat());
    }
}

/// Writes a file that whoever runs openssl may write too.
fn write(folder: &Path, name: &str, text: &str) {
    let target = folder.join(name);
    fs::write(&target, text).expect("the folder is writable");
    fs::set_permissions(&target, Permissions::from_mode(0o666)).expect("the file is ours");
}
