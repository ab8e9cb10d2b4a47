//! Where messages may be sent at all.
//!
//! A webhook's address is chosen by a person, and the program stands inside the hall's network: without a guard it could be
//! made to speak to what only the inside reaches. So nothing is sent to private, link-local or loopback addresses unless
//! the operator has named the host or its network in the configuration. The test is made on the address that is connected
//! to, after the name was looked up ([`crate::sender`]), since a name may point elsewhere a moment later.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// The longest address.
const LONGEST: usize = 2_000;

/// A destination that the operator allows although it lies inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A network: `10.20.0.0/16`, or one address.
    Network(IpNet),
    /// A host by its name.
    Host(String),
}

impl FromStr for Allowed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        let is_name = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        // What ends in a number is an address or network with a mistake in it, not a name.
        let ends_in_number = text.rsplit('.').next().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()));
        if text.split('.').all(is_name) && !ends_in_number {
            return Ok(Self::Host(text.to_ascii_lowercase()));
        }
        Err(format!("「{text}」はホスト名でもネットワーク（例 10.20.0.0/16）でもありません。"))
    }
}

/// Where messages may be sent.
#[derive(Clone, Debug, Default)]
pub struct Destinations {
    allowed: Vec<Allowed>,
    loopback: bool,
}

impl Destinations {
    /// Public addresses, and what the operator has allowed.
    #[must_use]
    pub fn new(allowed: Vec<Allowed>) -> Self {
        Self { allowed, loopback: false }
    }

    /// Also this very machine, without encryption: for trying things out.
    #[must_use]
    pub fn with_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Reads the address of a webhook.
    ///
    /// # Errors
    /// A sentence, when it is not one to which messages are sent.
    pub fn read(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text)
            .map_err(|_| "アドレスとして読めません。https:// から始まる形で入力してください。".to_owned())?;
        let Some(host) = url.host() else { return Err("アドレスにホスト名がありません。".to_owned()) };
        if text.len() > LONGEST {
            return Err(format!("アドレスは{LONGEST}文字までにしてください。"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("アドレスに利用者名やパスワードを書かないでください。受け取る側は署名で確かめます。".to_owned());
        }
        if url.fragment().is_some() {
            return Err("アドレスの # から後ろは送られません。取り除いてください。".to_owned());
        }
        match url.scheme() {
            "https" => {}
            "http" if self.loopback && is_this_machine(&host) => {}
            _ => return Err("https:// から始まるアドレスだけに送れます。".to_owned()),
        }
        if let Some(address) = literal(&url)
            && !self.admits(url.host_str().unwrap_or_default(), address)
        {
            return Err(INSIDE.to_owned());
        }
        Ok(url)
    }

    /// Whether a message may be sent to an address under which a host was found.
    #[must_use]
    pub fn admits(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let host = host.trim_end_matches('.');
        let names = |allowed: &Allowed| match allowed {
            Allowed::Network(network) => network.contains(&address),
            Allowed::Host(name) => name.eq_ignore_ascii_case(host),
        };
        is_public(address) || (self.loopback && address.is_loopback()) || self.allowed.iter().any(names)
    }
}

/// Why an inside address is refused.
pub const INSIDE: &str = "庁内・私的なアドレスや、このサーバー自身には送れません。送る必要があるときは、運用の設定 webhooks.allow に宛先を加えてください。";

/// The address that stands in a URL in place of a name.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost",
    }
}

/// Whether an address belongs to a host on the public internet (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let net = |a, b, c, prefix| Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix);
    let special = [
        net(0, 0, 0, 8),
        net(10, 0, 0, 8),
        net(100, 64, 0, 10),
        net(127, 0, 0, 8),
        net(169, 254, 0, 16),
        net(172, 16, 0, 12),
        net(192, 0, 0, 24),
        net(192, 0, 2, 24),
        net(192, 88, 99, 24),
        net(192, 168, 0, 16),
        net(198, 18, 0, 15),
        net(198, 51, 100, 24),
        net(203, 0, 113, 24),
        // Multicast, reserved, broadcast.
        net(224, 0, 0, 3),
    ];
    !special.iter().any(|network| network.contains(&address))
}

/// Only 2000::/3 is given to hosts; in it, some blocks carry or stand for IPv4 addresses, or are not for hosts.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let net = |segments: [u16; 3], prefix| {
        let [a, b, c] = segments;
        Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
    };
    let special =
        [net([0x2001, 0, 0], 23), net([0x2001, 0xdb8, 0], 32), net([0x2002, 0, 0], 16), net([0x3fff, 0, 0], 20)];
    net([0x2000, 0, 0], 3).contains(&address) && !special.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(destinations: &Destinations, address: &str) -> bool {
        destinations.admits("receiver.example.lg.jp", address.parse().expect("an address"))
    }

    #[test]
    fn only_public_addresses_are_admitted() {
        let usual = Destinations::default();
        for public in ["8.8.8.8", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2400:8500::1", "2606:4700::1111"] {
            assert!(admits(&usual, public), "{public}");
        }
        for inside in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
            "100::1",
        ] {
            assert!(!admits(&usual, inside), "{inside}");
        }
    }

    #[test]
    fn the_operator_names_what_is_allowed_inside() {
        let allow = |text: &str| text.parse::<Allowed>();
        let some = Destinations::new(vec![
            allow("10.20.0.0/16").expect("a network"),
            allow("gis.example.lg.jp").expect("a host"),
        ]);
        assert!(admits(&some, "10.20.3.4") && admits(&some, "::ffff:10.20.3.4") && !admits(&some, "10.21.0.1"));
        assert!(some.admits("GIS.example.lg.jp.", "192.168.0.9".parse().expect("an address")));
        assert!(!some.admits("gis.example.lg.jp.evil.example", "192.168.0.9".parse().expect("an address")));
        for mistake in ["10.20.0.0/33", "10.20.0", "http://a", "a b", "", "a..b"] {
            assert!(allow(mistake).is_err(), "{mistake}");
        }
    }

    #[test]
    fn addresses_are_read_strictly() {
        let (usual, dev) = (Destinations::default(), Destinations::default().with_loopback());
        assert!(usual.read("https://receiver.example.lg.jp/hooks?x=1").is_ok());
        for refused in [
            "http://receiver.example.lg.jp/",
            "https://user:pass@receiver.example.lg.jp/",
            "https://10.0.0.1/",
            "https://[::1]/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://a.example/#x",
            "ftp://a.example/",
            "receiver",
            "file:///etc/passwd",
            "http://localhost:8080/",
            "https://127.0.0.1/",
        ] {
            assert!(usual.read(refused).is_err(), "{refused}");
        }
        assert!(dev.read("http://localhost:8080/").is_ok() && dev.read("http://127.0.0.1:1/").is_ok());
        assert!(dev.read("http://10.0.0.1/").is_err() && dev.read("http://a.example/").is_err());
    }
}
