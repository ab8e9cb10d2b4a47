//! The layouts of a city: those that systems ship, and the versions that were published here.
//!
//! A published version is never changed. The newest one is in use; a shipped layout is in use until a newer version is
//! published under its key. Publishing and retiring are audited acts.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kawasemi_identity::Context;
use kawasemi_kernel::Actor;
use kawasemi_schema::{Action, SourceFile};
use kawasemi_store::audit::{Trail, id_of_name};
use kawasemi_store::row::Row;
use kawasemi_store::unit::Unmet;
use kawasemi_store::{Sql, Statement, StoreError, Unit};

use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::layout::{Direction, Layout};

/// What the audit trail calls these things.
const SUBJECT: &str = "exchange-layout";

/// A layout with where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The layout.
    pub layout: Arc<Layout>,
    /// When it was published here; none for one that a system ships.
    pub published_at: Option<Timestamp>,
    /// By whom.
    pub published_by: Option<Actor>,
    /// Whether it was taken out of use.
    pub is_retired: bool,
}

impl Exchange {
    /// The layouts in use, by key. Those of ledgers that the city does not have are left out.
    ///
    /// # Errors
    /// [`ExchangeError::Forbidden`]; when the store fails.
    pub async fn layouts(&self, context: &Context) -> Result<Vec<Published>> {
        Self::require_operator(context)?;
        self.in_use().await
    }

    pub(crate) async fn in_use(&self) -> Result<Vec<Published>> {
        let mut newest: BTreeMap<String, Published> = BTreeMap::new();
        let shipped = self.shipped.iter().map(|layout| Published {
            layout: Arc::clone(layout),
            published_at: None,
            published_by: None,
            is_retired: false,
        });
        for one in shipped.chain(self.select(&Sql::text("1 = 1")).await?) {
            let is_newer =
                newest.get(one.layout.key()).is_none_or(|known| known.layout.raw.version <= one.layout.raw.version);
            if is_newer {
                newest.insert(one.layout.key().to_owned(), one);
            }
        }
        let catalogue = self.city().catalogue();
        let in_use =
            newest.into_values().filter(|one| !one.is_retired && catalogue.get(&one.layout.raw.ledger).is_some());
        Ok(in_use.collect())
    }

    /// The layout in use under a key.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`], [`ExchangeError::Forbidden`].
    pub async fn layout(&self, context: &Context, key: &str) -> Result<Published> {
        let found = self.layouts(context).await?.into_iter().find(|one| one.layout.key() == key);
        found.ok_or(ExchangeError::NotFound)
    }

    /// The layout under whose version a run was made.
    pub(crate) async fn version(&self, key: &str, version: i64) -> Result<Arc<Layout>> {
        let condition = Sql::with("layout = $1 AND version = $2", [key.into(), version.into()]);
        if let Some(found) = self.select(&condition).await?.pop() {
            return Ok(found.layout);
        }
        let is_it = |layout: &&Arc<Layout>| layout.key() == key && i64::from(layout.raw.version) == version;
        self.shipped.iter().find(is_it).cloned().ok_or(ExchangeError::NotFound)
    }

    /// Reads a layout and holds it against its ledger, without publishing it.
    ///
    /// # Errors
    /// [`ExchangeError::Layout`] with every mistake; [`ExchangeError::Forbidden`] without the right to import into the
    /// ledger, or to take records out of it.
    pub fn check_layout(&self, context: &Context, toml: &str) -> Result<Arc<Layout>> {
        Self::require_operator(context)?;
        let layout = Layout::read(SourceFile::new("layout.toml", toml))?;
        let action = match layout.raw.direction {
            Direction::In => Action::Import,
            Direction::Out => Action::Export,
        };
        let (ledger, access) = self.parts.ledgers.open(context, &layout.raw.ledger).map_err(|_| {
            ExchangeError::Refused(format!("台帳「{}」がないか、あなたには扱えません。", layout.raw.ledger))
        })?;
        if !access.may(action) {
            let message = format!(
                "台帳「{}」の{}の権限がないので、連携レイアウトを公開できません。",
                ledger.title.ja(),
                action.label()
            );
            return Err(ExchangeError::Refused(message));
        }
        layout.check_against(&ledger)?;
        Ok(Arc::new(layout))
    }

    /// Publishes a layout. Its version must be the next one.
    ///
    /// # Errors
    /// As [`Exchange::check_layout`]; [`ExchangeError::Refused`] for another version than the next.
    pub async fn publish_layout(&self, context: &Context, toml: &str) -> Result<Arc<Layout>> {
        let layout = self.check_layout(context, toml)?;
        let next = self.next_version(layout.key()).await?;
        if layout.raw.version != next {
            let message = format!("版は{next}にしてください（公開した版は変えられません）。");
            return Err(layout_error(&layout, "version", message));
        }
        let (act, key, version) = (&context.act, layout.key(), i64::from(next));
        let sql = Sql::with(
            "INSERT INTO {exchange_layout} (layout, version, ledger, source, toml, published_at, published_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                key.into(),
                version.into(),
                layout.raw.ledger.as_str().into(),
                "desk".into(),
                toml.into(),
                act.at.as_microsecond().into(),
                act.actor.to_string().into(),
            ],
        );
        let payload = serde_json::json!({ "layout": key, "version": next, "toml": toml, "reason": act.reason });
        self.audited(context, key, "publish", sql.into(), &payload).await?;
        Ok(layout)
    }

    /// Takes a layout out of use. Its runs stay.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] where nothing was published here under the key.
    pub async fn retire_layout(&self, context: &Context, key: &str) -> Result<()> {
        Self::require_operator(context)?;
        let newest = i64::from(self.next_version(key).await?) - 1;
        let sql = Sql::with(
            "UPDATE {exchange_layout} SET retired_at = $1, retired_by = $2 WHERE layout = $3 AND version = $4",
            [context.act.at.as_microsecond().into(), context.act.actor.to_string().into(), key.into(), newest.into()],
        );
        let payload = serde_json::json!({ "layout": key, "version": newest, "reason": context.act.reason });
        self.audited(context, key, "retire", Statement::one_row(sql, Unmet::NotFound), &payload).await
    }

    async fn audited(
        &self,
        context: &Context,
        key: &str,
        kind: &str,
        statement: Statement,
        payload: &serde_json::Value,
    ) -> Result<()> {
        let trail = Trail::of(self.city(), SUBJECT, id_of_name(SUBJECT, key)).await?;
        let mut unit = Unit::of([statement]);
        unit.extend(trail.statements(kind, &context.act, self.ids(), &payload.to_string()));
        match self.city().write(unit).await {
            Ok(_) => Ok(()),
            Err(StoreError::NotFound) => Err(ExchangeError::NotFound),
            Err(StoreError::Unique { .. } | StoreError::Conflict) => Err(ExchangeError::Refused(
                "ほかの人が先に公開しました。開き直してから、もう一度お試しください。".to_owned(),
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// The version that the next layout under a key gets.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_version(&self, key: &str) -> Result<u32> {
        let published = self.select(&Sql::with("layout = $1", [key.into()])).await?;
        let shipped = self.shipped.iter().filter(|layout| layout.key() == key).map(|layout| layout.raw.version);
        Ok(published.iter().map(|one| one.layout.raw.version).chain(shipped).max().unwrap_or(0) + 1)
    }

    async fn select(&self, condition: &Sql) -> Result<Vec<Published>> {
        let mut sql = Sql::with(
            "SELECT layout, version, toml, published_at, published_by, retired_at FROM {exchange_layout} WHERE ",
            [],
        );
        sql.append(condition).push(" ORDER BY layout, version");
        self.city().read(sql).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<Published> {
    let (key, version, toml): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let layout = Layout::read(SourceFile::new(format!("{key}-{version}.toml"), toml))?;
    Ok(Published {
        layout: Arc::new(layout),
        published_at: Timestamp::from_microsecond(row.get(3)?).ok(),
        published_by: row.get::<String>(4)?.parse().ok(),
        is_retired: row.get::<Option<i64>>(5)?.is_some(),
    })
}

fn layout_error(layout: &Layout, path: &str, message: String) -> ExchangeError {
    kawasemi_schema::SchemaErrors::from(layout.source.error(path, message, "")).into()
}

impl Exchange {
    /// The layout by which a run was read or written, in the version of then.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] where a system shipped it and ships it no more.
    pub async fn layout_of(&self, run: &crate::runs::Run) -> Result<Arc<Layout>> {
        self.version(&run.layout, run.version).await
    }
}
