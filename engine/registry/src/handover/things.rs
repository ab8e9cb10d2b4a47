//! What the engines below keep that somebody owns: ledgers of the desk's own, saved views, imports, tokens.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use kawasemi_identity::{Context, Identity};
use kawasemi_ledger::Ledgers;
use kawasemi_ledger::owned::OwnedByPerson;
use uuid::Uuid;

use super::{Failure, Owned, Owner, Thing};

/// Ledgers that were made on the desk (職員が作った台帳), owned by departments.
pub struct OwnLedgers(pub Ledgers);

/// Saved views (保存した表示), shared and people's own.
pub struct Views(pub Ledgers);

/// Imports that were not finished (途中の取込).
pub struct Imports(pub Ledgers);

/// API tokens (APIトークン), which can't be given away: whoever takes over makes one of their own.
pub struct Tokens(pub Identity);

fn said(error: impl std::fmt::Display) -> Failure {
    error.to_string()
}

fn account(to: &Owner) -> Result<Uuid, Failure> {
    match to {
        Owner::Account(account) => Ok(*account),
        Owner::Department(_) => Err("受ける人を選んでください。".to_owned()),
    }
}

fn id(text: &str) -> Result<Uuid, Failure> {
    text.parse().map_err(|_| "対象が見つかりません。".to_owned())
}

fn things(kind: &'static str, found: Vec<OwnedByPerson>, href: impl Fn(&OwnedByPerson) -> String) -> Vec<Thing> {
    let thing = |one: OwnedByPerson| Thing {
        kind,
        id: one.id.to_string(),
        href: href(&one),
        owner: Owner::Account(one.owner),
        title: one.title,
    };
    found.into_iter().map(thing).collect()
}

impl Owned for OwnLedgers {
    fn kind(&self) -> &'static str {
        "ledger"
    }

    fn label(&self) -> &'static str {
        "職員が作った台帳"
    }

    fn list<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Vec<Thing>, Failure>> {
        let thing = |own: kawasemi_ledger::owned::OwnLedger| Thing {
            kind: "ledger",
            href: format!("/desk/ledgers/{}", own.key),
            id: own.key,
            title: own.title,
            owner: Owner::Department(own.owner),
        };
        async move { Ok(self.0.own_ledgers().into_iter().map(thing).collect()) }.boxed()
    }

    fn pass<'a>(&'a self, context: &'a Context, id: &'a str, to: &'a Owner) -> BoxFuture<'a, Result<(), Failure>> {
        async move {
            match to {
                Owner::Department(code) => self.0.pass_ledger(context, id, code).await.map_err(said),
                Owner::Account(_) => Err("台帳は部局が引き継ぎます。受ける部局を選んでください。".to_owned()),
            }
        }
        .boxed()
    }
}

impl Owned for Views {
    fn kind(&self) -> &'static str {
        "view"
    }

    fn label(&self) -> &'static str {
        "保存した表示"
    }

    fn list<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Vec<Thing>, Failure>> {
        async move {
            let found = self.0.owned_views(context).await.map_err(said)?;
            Ok(things("view", found, |one| format!("/desk/ledgers/{}?view={}", one.ledger, one.id)))
        }
        .boxed()
    }

    fn pass<'a>(&'a self, context: &'a Context, of: &'a str, to: &'a Owner) -> BoxFuture<'a, Result<(), Failure>> {
        async move { self.0.pass_view(context, id(of)?, account(to)?).await.map_err(said) }.boxed()
    }
}

impl Owned for Imports {
    fn kind(&self) -> &'static str {
        "import"
    }

    fn label(&self) -> &'static str {
        "途中の取込"
    }

    fn list<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Vec<Thing>, Failure>> {
        async move {
            let found = self.0.unfinished_imports(context).await.map_err(said)?;
            Ok(things("import", found, |one| format!("/desk/ledgers/{}/import", one.ledger)))
        }
        .boxed()
    }

    fn pass<'a>(&'a self, context: &'a Context, of: &'a str, to: &'a Owner) -> BoxFuture<'a, Result<(), Failure>> {
        async move { self.0.pass_import(context, id(of)?, account(to)?).await.map_err(said) }.boxed()
    }
}

impl Owned for Tokens {
    fn kind(&self) -> &'static str {
        "token"
    }

    fn label(&self) -> &'static str {
        "APIトークン"
    }

    fn can_pass(&self) -> bool {
        false
    }

    fn list<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Vec<Thing>, Failure>> {
        async move {
            let tokens = self.0.tokens(context).await.map_err(said)?;
            let thing = |token: kawasemi_identity::ApiToken| Thing {
                kind: "token",
                id: token.id.to_string(),
                title: token.name,
                owner: Owner::Account(token.account),
                href: String::new(),
            };
            Ok(tokens.into_iter().map(thing).collect())
        }
        .boxed()
    }

    fn pass<'a>(&'a self, context: &'a Context, of: &'a str, _: &'a Owner) -> BoxFuture<'a, Result<(), Failure>> {
        // The one who takes over makes a token of their own; the old one must not go on in another's name.
        async move { self.0.revoke_token(context, id(of)?).await.map_err(said) }.boxed()
    }
}
