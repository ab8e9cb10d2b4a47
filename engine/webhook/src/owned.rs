//! Webhooks in a handover (引継ぎ): each works on behalf of an account, and stops when its person leaves.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use kawasemi_identity::Context;
use kawasemi_registry::handover::{Failure, Owned, Owner, Thing};

use crate::subscription::{Subscription, Webhook};
use crate::webhooks::Webhooks;

/// The webhooks of a city as things that somebody owns.
pub struct OwnedWebhooks(pub Webhooks);

impl Owned for OwnedWebhooks {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn label(&self) -> &'static str {
        "Webhook"
    }

    fn list<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Vec<Thing>, Failure>> {
        let thing = |webhook: Webhook| Thing {
            kind: "webhook",
            id: webhook.id.to_string(),
            title: webhook.subscription.title,
            owner: Owner::Account(webhook.subscription.account),
            href: format!("/desk/admin/webhooks/{}", webhook.id),
        };
        async move {
            let found = self.0.list(context).await.map_err(|error| error.to_string())?;
            Ok(found.into_iter().map(thing).collect())
        }
        .boxed()
    }

    fn pass<'a>(&'a self, context: &'a Context, id: &'a str, to: &'a Owner) -> BoxFuture<'a, Result<(), Failure>> {
        async move {
            let Owner::Account(account) = to else { return Err("受ける人を選んでください。".to_owned()) };
            let id = id.parse().map_err(|_| "対象が見つかりません。".to_owned())?;
            let known = self.0.get(context, id).await.map_err(|error| error.to_string())?;
            let wanted = Subscription { account: *account, ..known.subscription };
            self.0.change(context, id, wanted).await.map_err(|error| error.to_string())
        }
        .boxed()
    }
}
