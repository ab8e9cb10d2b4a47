//! The certificates that the settings name, and those of the servers to which the program connects.

use kawasemi_checkup::certificates::{Holder, Named, Source};
use kawasemi_checkup::counterpart::{Counterpart, Opening};
use kawasemi_checkup::mail::Relay;
use kawasemi_desk::Role;
use kawasemi_oversight::siem::{By, Target};
use kawasemi_store::{Location, Reach};
use url::Url;

use crate::config::Config;

/// The certificates of authorities that the settings name.
pub fn named(config: &Config, location: &Location) -> Vec<Holder> {
    let mut named = Vec::new();
    let mut file = |setting: &str, path: Option<&std::path::Path>| {
        let source = path.map(|path| Source::File(path.to_owned()));
        named.extend(source.map(|source| Named { setting: setting.to_owned(), source }));
    };
    file("webhooks.authority", config.webhook_authority.as_deref());
    file("files.authority", config.bucket_authority.as_deref());
    file("courier.authority", config.portal_authority.as_deref());
    file("mail.authority", config.mail.as_ref().and_then(|relay| relay.authority.as_deref()));
    for target in &config.siem {
        if let Target::Collector { authority, .. } = target {
            file("siem.authority", authority.as_deref());
        }
    }
    for (code, directory) in &config.directories {
        file(&format!("ldap.{code}.authority"), directory.authority.as_deref());
    }
    if let Some(reach) = database(location) {
        file("sslrootcert", reach.authorities.as_deref());
    }
    for (code, provider) in &config.providers {
        let source = provider.authority_pem.clone().map(Source::Text);
        named.extend(source.map(|source| Named { setting: format!("provider.{code}.authority-pem"), source }));
    }
    named.iter().map(Named::read).collect()
}

/// Looks at the certificates of all servers at the same time.
pub async fn shown(config: &Config, location: &Location) -> Vec<Holder> {
    let looks = counterparts(config, location).into_iter().map(|server| async move { server.look().await });
    futures::future::join_all(looks).await
}

/// The servers to which the program connects. The portal opens no connection inward, so nothing inside is looked at from it.
fn counterparts(config: &Config, location: &Location) -> Vec<Counterpart> {
    let mut all = Vec::new();
    let endpoint = config.bucket.as_ref().and_then(|bucket| bucket.endpoint.as_deref()?.parse::<Url>().ok());
    all.extend(endpoint.and_then(|url| Counterpart::of_web("添付ファイルの保存先", &url)));
    if let Some(reach) = database(location) {
        all.extend(reach.encrypted.into_iter().map(|(host, port)| Counterpart {
            role: "データベース".to_owned(),
            host,
            port,
            opening: Opening::Postgres,
        }));
    }
    all.extend(config.mail.as_ref().and_then(Relay::counterpart));
    if config.role == Role::Portal {
        return all;
    }
    all.extend(config.portal.as_ref().and_then(|url| Counterpart::of_web("公開側", url)));
    for directory in config.directories.values() {
        all.extend(directory.servers.iter().filter_map(|url| Counterpart::of_directory("庁内のディレクトリ", url)));
    }
    for provider in config.providers.values() {
        all.extend(Counterpart::of_web("庁内の認証基盤", &provider.issuer));
    }
    for target in &config.siem {
        if let Target::Collector { address, .. } = target
            && address.by == By::Tls
        {
            let (host, port) = (address.host.clone(), address.port);
            all.push(Counterpart { role: "記録の送り先".to_owned(), host, port, opening: Opening::Direct });
        }
    }
    all
}

/// How the database is reached. An address that can't be understood is told of by whatever opens it.
fn database(location: &Location) -> Option<Reach> {
    location.reach().ok().flatten()
}
