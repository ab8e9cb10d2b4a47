//! The cookie that carries a session's secret, and the one of visitors.
//!
//! Over https the name has the prefix `__Host-`: browsers then take the cookie only from this very host, for all paths and only
//! over https, so that no other city of the installation and no subdomain can set or read it. `SameSite=Lax` lets links
//! from mails arrive signed in while forms of other sites come without the cookie.

use crate::secret::Secret;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// A signed-in person's session.
    Session,
    /// The secret of a shared machine (窓口端末). It stays when the browser is closed.
    Device,
    /// The secret of what a browser has begun and not finished: a passkey's ceremony, a visit to the identity provider.
    Visitor,
}

impl Cookie {
    /// The cookie's name; with the host prefix where the city is served over https.
    pub const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-kawasemi-session",
            (Self::Session, false) => "kawasemi-session",
            (Self::Device, true) => "__Host-kawasemi-device",
            (Self::Device, false) => "kawasemi-device",
            (Self::Visitor, true) => "__Host-kawasemi-visitor",
            (Self::Visitor, false) => "kawasemi-visitor",
        }
    }

    /// The value of a `Set-Cookie` header. The cookie ends with the browser session, but for a machine's, and on the server by its
    /// own rules.
    pub fn set(self, secret: &Secret, https: bool) -> String {
        let stays = if self == Self::Device { LONGEST_STAY } else { "" };
        format!("{}={}; {stays}{}", self.name(https), secret.reveal(), attributes(https))
    }

    /// The value of a `Set-Cookie` header that removes the cookie.
    pub fn clear(self, https: bool) -> String {
        format!("{}=; Max-Age=0; {}", self.name(https), attributes(https))
    }

    /// Finds the secret in the value of a `Cookie` header. A cookie sent twice is no cookie: somebody planted one.
    pub fn find(self, header: &str, https: bool) -> Option<Secret> {
        let name = self.name(https);
        let mut values = header.split(';').filter_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then_some(value)
        });
        let found = values.next()?;
        if values.next().is_some() { None } else { Secret::parse(found) }
    }
}

/// As long as browsers keep a cookie at all: 400 days.
const LONGEST_STAY: &str = "Max-Age=34560000; ";

const fn attributes(https: bool) -> &'static str {
    if https { "Path=/; HttpOnly; SameSite=Lax; Secure" } else { "Path=/; HttpOnly; SameSite=Lax" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SeededEntropy;

    #[test]
    fn what_is_set_is_found_among_others() {
        let secret = Secret::new(&SeededEntropy::new(5));
        for https in [true, false] {
            let set = Cookie::Session.set(&secret, https);
            let pair = set.split(';').next().unwrap();
            assert_eq!(Cookie::Session.find(&format!("a=b; {pair}; c=d"), https), Some(secret.clone()));
            assert_eq!(Cookie::Visitor.find(pair, https), None);
            assert_eq!(Cookie::Session.find(pair, !https), None);
            assert_eq!(Cookie::Session.find(&format!("{pair}; {pair}"), https), None);
        }
    }

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let set = Cookie::Session.set(&Secret::new(&SeededEntropy::new(5)), true);
        assert!(set.starts_with("__Host-"));
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(set.contains(attribute), "{attribute}");
        }
        assert!(!set.contains("Domain"));
    }
}
