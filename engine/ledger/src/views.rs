//! Views: the definition's own, and those that people save for themselves or for all who may read the ledger.

use jiff::Timestamp;
use kawasemi_filter::{Limits, parse_text};
use kawasemi_identity::Context;
use kawasemi_schema::{Action, SortKey};
use kawasemi_store::{Row, Sql, Unit};
use uuid::Uuid;

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};

/// Longest title in characters.
const TITLE: usize = 60;
/// Most saved views of one person in one ledger.
const MOST: usize = 100;

/// A way to look at a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The key of one of the definition's views, or the id of a saved one.
    pub key: String,
    /// Its name for people.
    pub title: String,
    /// CQL2 text.
    pub filter: Option<String>,
    /// The order; empty for the ledger's own.
    pub sort: Vec<SortKey>,
    /// The columns; empty for the ledger's own.
    pub columns: Vec<String>,
    /// Who saved it; none for the definition's own.
    pub owner: Option<String>,
    /// Whether all who may read the ledger see it.
    pub is_shared: bool,
    /// When it was last used; none for the definition's own.
    pub used_at: Option<Timestamp>,
}

/// What somebody saves as a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewDraft {
    /// Its name.
    pub title: String,
    /// CQL2 text.
    pub filter: Option<String>,
    /// The order.
    pub sort: Vec<SortKey>,
    /// The columns.
    pub columns: Vec<String>,
    /// For all who may read the ledger; needs the right to change records, so that visitors can't.
    pub is_shared: bool,
}

impl Ledgers {
    /// The views that a caller may use: the definition's, then the shared, then the caller's own. One whose filter names a
    /// field that the caller may not see is not among them, since its very name and condition would tell of the field.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when the ledger may not be read.
    pub async fn views(&self, context: &Context, ledger: &str) -> Result<Vec<View>> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let mut known: Vec<View> = defined(&gate, context).collect();
        let mut sql = select();
        sql.push(" WHERE ledger = ").bind(ledger).push(" AND (shared = ").bind(true);
        sql.push(" OR owner = ").bind(context.act.actor.to_string()).push(") ORDER BY shared DESC, title, id");
        for row in self.city().read(sql).await? {
            known.push(read(&row)?);
        }
        let mut views = Vec::with_capacity(known.len());
        for view in known {
            views.extend(self.usable(context, &gate, view).await);
        }
        Ok(views)
    }

    /// Saves a view and answers its id.
    ///
    /// # Errors
    /// A filter or a name that the caller may not use; [`LedgerError::Refused`].
    pub async fn save_view(&self, context: &Context, ledger: &str, draft: ViewDraft) -> Result<Uuid> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let title = self.check_view(context, &gate, &draft).await?;
        let own = self.views(context, ledger).await?;
        if own.iter().filter(|view| view.owner.is_some()).count() >= MOST {
            return Err(LedgerError::Refused(format!(
                "保存した表示は{MOST}件までです。使わないものを削除してください。"
            )));
        }
        let id = self.ids().next();
        let at = context.act.at.as_microsecond();
        let insert = Sql::with(
            "INSERT INTO {ledger_view} (id, ledger, owner, title, filter, sort, columns, shared, created_at, updated_at, \
             used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9)",
            [
                id.into(),
                ledger.into(),
                context.act.actor.to_string().into(),
                title.into(),
                draft.filter.as_deref().into(),
                written(&draft.sort).into(),
                draft.columns.join(" ").into(),
                draft.is_shared.into(),
                at.into(),
            ],
        );
        self.city().write(Unit::of([insert.into()])).await?;
        Ok(id)
    }

    /// Changes a view of the caller's own.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when it is another's, and as [`Ledgers::save_view`].
    pub async fn update_view(&self, context: &Context, ledger: &str, id: Uuid, draft: ViewDraft) -> Result<()> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let title = self.check_view(context, &gate, &draft).await?;
        let update = Sql::with(
            "UPDATE {ledger_view} SET title = $1, filter = $2, sort = $3, columns = $4, shared = $5, updated_at = $6 \
             WHERE id = $7 AND ledger = $8 AND owner = $9",
            [
                title.into(),
                draft.filter.as_deref().into(),
                written(&draft.sort).into(),
                draft.columns.join(" ").into(),
                draft.is_shared.into(),
                context.act.at.as_microsecond().into(),
                id.into(),
                ledger.into(),
                context.act.actor.to_string().into(),
            ],
        );
        self.write_one(update).await
    }

    /// Deletes a view of the caller's own; who may change the ledger's design may delete any shared one.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when it is another's.
    pub async fn delete_view(&self, context: &Context, ledger: &str, id: Uuid) -> Result<()> {
        let gate = self.gate_for(context, ledger, Action::Read)?;
        let mut sql = Sql::text("DELETE FROM ");
        sql.table("ledger_view").push(" WHERE id = ").bind(id).push(" AND ledger = ").bind(ledger);
        sql.push(" AND (owner = ").bind(context.act.actor.to_string());
        if gate.access.may(Action::Design) {
            sql.push(" OR shared = ").bind(true);
        }
        sql.push(")");
        self.write_one(sql).await
    }

    /// Notes that a saved view was used.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn use_view(&self, context: &Context, ledger: &str, id: Uuid) -> Result<()> {
        self.gate_for(context, ledger, Action::Read)?;
        let update = Sql::with(
            "UPDATE {ledger_view} SET used_at = $1 WHERE id = $2 AND ledger = $3 AND (shared = $4 OR owner = $5)",
            [
                context.act.at.as_microsecond().into(),
                id.into(),
                ledger.into(),
                true.into(),
                context.act.actor.to_string().into(),
            ],
        );
        self.city().write(Unit::of([update.into()])).await?;
        Ok(())
    }

    /// A view by key or id, as the caller may use it.
    pub(crate) async fn view(&self, context: &Context, gate: &Gate, key: &str) -> Result<View> {
        if let Some(view) = defined(gate, context).find(|view| view.key == key) {
            return self.usable(context, gate, view).await.ok_or(LedgerError::NotFound);
        }
        let id = Uuid::try_parse(key).map_err(|_| LedgerError::NotFound)?;
        let mut sql = select();
        sql.push(" WHERE id = ").bind(id).push(" AND ledger = ").bind(gate.ledger.key());
        sql.push(" AND (shared = ").bind(true).push(" OR owner = ").bind(context.act.actor.to_string()).push(")");
        let row = self.city().read_one(sql).await?.ok_or(LedgerError::NotFound)?;
        self.usable(context, gate, read(&row)?).await.ok_or(LedgerError::NotFound)
    }

    /// A view as a caller may use it: without the columns and the order that do not exist for them, and not at all where
    /// its filter can't be asked by them.
    async fn usable(&self, context: &Context, gate: &Gate, mut view: View) -> Option<View> {
        let knows = |name: &str| gate.access.needed(Action::Read, [name]).is_ok();
        if let Some(filter) = view.filter.as_deref().filter(|text| !text.trim().is_empty()) {
            let ast = parse_text(filter, Limits::OUTSIDE).ok()?;
            let expr = self.lowered(context, gate, &ast).await.ok()?;
            gate.access.needed(Action::Read, expr.properties()).ok()?;
        }
        view.columns.retain(|name| knows(name));
        view.sort.retain(|key| knows(&key.field));
        Some(view)
    }

    /// Refuses a view that the caller could not use, and a shared one of somebody who may change nothing.
    async fn check_view(&self, context: &Context, gate: &Gate, draft: &ViewDraft) -> Result<String> {
        let title = kawasemi_kernel::text::tidy_line(&draft.title);
        if title.is_empty() || title.chars().count() > TITLE {
            return Err(LedgerError::Refused(format!("表示の名前を{TITLE}文字以内で入力してください。")));
        }
        if context.caller.account.is_none() {
            return Err(LedgerError::Refused("表示を保存するにはサインインしてください。".to_owned()));
        }
        if draft.is_shared && ![Action::Update, Action::Create, Action::Design].iter().any(|a| gate.access.may(*a)) {
            return Err(LedgerError::Forbidden { action: Action::Design });
        }
        if let Some(filter) = draft.filter.as_deref().filter(|text| !text.trim().is_empty()) {
            self.lowered(context, gate, &parse_text(filter, Limits::OUTSIDE)?).await?;
        }
        let names = draft.columns.iter().map(String::as_str).chain(draft.sort.iter().map(|key| key.field.as_str()));
        gate.access.needed(Action::Read, names).map_err(|hidden| gate.unknown_field(&hidden.name))?;
        Ok(title)
    }

    async fn write_one(&self, sql: Sql) -> Result<()> {
        let statement = kawasemi_store::Statement::one_row(sql, kawasemi_store::Unmet::NotFound);
        self.city().write(Unit::of([statement])).await?;
        Ok(())
    }
}

fn defined<'a>(gate: &'a Gate, context: &'a Context) -> impl Iterator<Item = View> + 'a {
    gate.def().views.iter().map(|view| View {
        key: view.key.clone(),
        title: view.title.get(context.lang).to_owned(),
        filter: view.filter.clone(),
        sort: view.sort.iter().map(|key| SortKey::parse(key)).collect(),
        columns: view.columns.clone(),
        owner: None,
        is_shared: true,
        used_at: None,
    })
}

fn select() -> Sql {
    Sql::with("SELECT id, title, filter, sort, columns, shared, owner, used_at FROM {ledger_view}", [])
}

fn read(row: &Row) -> Result<View> {
    let id: Uuid = row.get(0)?;
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    Ok(View {
        key: id.hyphenated().to_string(),
        title: row.get(1)?,
        filter: row.get(2)?,
        sort: words(row.get(3)?).iter().map(|key| SortKey::parse(key)).collect(),
        columns: words(row.get(4)?),
        is_shared: row.get(5)?,
        owner: row.get(6)?,
        used_at: Timestamp::from_microsecond(row.get(7)?).ok(),
    })
}

fn written(sort: &[SortKey]) -> String {
    let key = |key: &SortKey| format!("{}{}", if key.descending { "-" } else { "" }, key.field);
    sort.iter().map(key).collect::<Vec<_>>().join(" ")
}
