//! A directory (LDAP) of its own for a test: Debian's `slapd` with people and groups, over TLS, on this machine.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::certificates::Certificates;

/// Below which everything of the directory lies.
pub const BASE: &str = "dc=city";
/// The account with which people are looked up.
pub const SERVICE: &str = "cn=kawasemi,dc=city";
/// Its password.
pub const SERVICE_PASSWORD: &str = "service password";
/// The password of everybody in it.
pub const PASSWORD: &str = "かわせみ 川べり 2026";

const ROOT: &str = "cn=root,dc=city";
const ROOT_PASSWORD: &str = "root";

/// `userAccountControl` as Active Directory has it, for people of this directory.
const SCHEMA: &str = "attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch \
     SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )\n\
     objectclass ( 1.2.840.113556.1.5.99999 NAME 'testUser' SUP top AUXILIARY MAY userAccountControl )\n";

/// A running directory. It ends with the value.
pub struct Directory {
    folder: TempDir,
    certificates: Certificates,
    plain: u16,
    encrypted: u16,
    running: Option<Child>,
}

impl Directory {
    /// Starts one with the service account and no people yet.
    ///
    /// # Panics
    /// When `slapd` or `ldapmodify` is not on this machine (`dev/setup-packages.sh test`).
    #[must_use]
    pub fn start() -> Self {
        let folder = TempDir::new().expect("the temporary folder is writable");
        std::fs::create_dir(folder.path().join("db")).expect("the folder is ours");
        let mut directory = Self {
            folder,
            certificates: Certificates::new(),
            plain: free_port(),
            encrypted: free_port(),
            running: None,
        };
        std::fs::write(directory.path("slapd.conf"), directory.config()).expect("the folder is ours");
        directory.revive();
        directory.change(&format!(
            "dn: {BASE}\nchangetype: add\nobjectClass: dcObject\nobjectClass: organization\no: city\ndc: city\n\n\
             dn: ou=people,{BASE}\nchangetype: add\nobjectClass: organizationalUnit\nou: people\n\n\
             dn: ou=groups,{BASE}\nchangetype: add\nobjectClass: organizationalUnit\nou: groups\n\n\
             dn: {SERVICE}\nchangetype: add\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n\
             cn: kawasemi\nuserPassword: {SERVICE_PASSWORD}\n"
        ));
        directory
    }

    /// Starts it again after [`Directory::kill`], with everything that it had.
    ///
    /// # Panics
    /// When it does not start.
    pub fn revive(&mut self) {
        let addresses = format!("ldap://localhost:{} ldaps://localhost:{}", self.plain, self.encrypted);
        let child = Command::new("/usr/sbin/slapd")
            .args(["-d", "0", "-h", &addresses, "-f"])
            .arg(self.path("slapd.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("slapd starts");
        self.running = Some(child);
        for _ in 0..400 {
            if TcpStream::connect(("localhost", self.encrypted)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("slapd does not listen");
    }

    /// Ends it as a failing machine would.
    ///
    /// # Panics
    /// When it was ended before.
    pub fn kill(&mut self) {
        let mut child = self.running.take().expect("it runs");
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
    }

    /// Adds a person with the usual password, and answers their name in the directory.
    pub fn person(&self, login: &str, name: &str) -> String {
        let dn = format!("uid={login},ou=people,{BASE}");
        self.change(&format!(
            "dn: {dn}\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: testUser\nuid: {login}\ncn: {name}\n\
             sn: {name}\nmail: {login}@city.example.jp\nuserAccountControl: 512\nuserPassword: {PASSWORD}\n"
        ));
        dn
    }

    /// Adds a group of some members (people or groups), and answers its name in the directory.
    pub fn group(&self, name: &str, members: &[&str]) -> String {
        let dn = format!("cn={name},ou=groups,{BASE}");
        let members: String = members.iter().map(|member| format!("member: {member}\n")).collect();
        self.change(&format!("dn: {dn}\nchangetype: add\nobjectClass: groupOfNames\ncn: {name}\n{members}"));
        dn
    }

    /// Applies changes, written as LDIF.
    ///
    /// # Panics
    /// When the directory refuses them.
    pub fn change(&self, ldif: &str) {
        let mut child = Command::new("ldapmodify")
            .args(["-x", "-H", &format!("ldap://localhost:{}", self.plain), "-D", ROOT, "-w", ROOT_PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ldapmodify starts");
        child.stdin.take().expect("it was asked for").write_all(ldif.as_bytes()).expect("ldapmodify reads");
        let output = child.wait_with_output().expect("ldapmodify ends");
        assert!(output.status.success(), "{ldif}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Its address over TLS from the first byte.
    #[must_use]
    pub fn ldaps(&self) -> String {
        format!("ldaps://localhost:{}", self.encrypted)
    }

    /// Its address where TLS is begun on the way (StartTLS).
    #[must_use]
    pub fn ldap(&self) -> String {
        format!("ldap://localhost:{}", self.plain)
    }

    /// The certificates: `ca.pem` has signed the server's.
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> String {
        let file = |name: &str| self.certificates.file(name).display().to_string();
        let own = |name: &str| self.path(name).display().to_string();
        format!(
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n\
             include /etc/ldap/schema/inetorgperson.schema\n{SCHEMA}\
             pidfile {}\nargsfile {}\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
             TLSCACertificateFile {}\nTLSCertificateFile {}\nTLSCertificateKeyFile {}\n\
             database mdb\nsuffix {BASE}\nrootdn {ROOT}\nrootpw {ROOT_PASSWORD}\ndirectory {}\n\
             access to attrs=userPassword by anonymous auth\n\
             access to * by dn.exact=\"{SERVICE}\" read by anonymous auth\n",
            own("pid"),
            own("args"),
            file("ca.pem"),
            file("signed.pem"),
            file("signed.key"),
            own("db"),
        )
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("localhost:0").expect("this machine has ports");
    listener.local_addr().expect("it is bound").port()
}
