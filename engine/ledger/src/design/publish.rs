//! Publishing a ledger's definition from the desk: shown first, then applied as one audited act.
//!
//! While serving, only what adds is applied; what drops or retypes is for the command line. A definition that would not
//! compile together with all others is refused before anything happens.

use std::sync::Arc;

use kawasemi_identity::Context;
use kawasemi_schema::{Action, LedgerDef, Overlay, RoleDef, SourceFile};
use kawasemi_store::schema::{self, Allow, Plan, Wanted};

use crate::error::{LedgerError, Result};
use crate::ledgers::Ledgers;

/// The role of those who may make ledgers of their own.
pub const DESIGNER: &str = "ledger-designer";
/// The folder in the name of a definition that was made on the desk.
const OWN: &str = "own/";

/// The role that this engine brings, for the installation's list of roles.
#[must_use]
pub fn designer_role() -> RoleDef {
    RoleDef {
        key: DESIGNER.to_owned(),
        title: "台帳の作成".into(),
        description: "自分の課の台帳を作り、公開します。".into(),
    }
}

/// The name of the definition of a ledger that the city makes itself.
#[must_use]
pub fn own_name(key: &str) -> String {
    format!("{OWN}{key}.toml")
}

/// Whether a ledger was made on the desk, rather than by a system.
pub fn is_own(ledger: &LedgerDef) -> bool {
    ledger.source.name.starts_with(OWN)
}

impl Ledgers {
    /// Whether the caller may make new ledgers.
    pub fn may_design(&self, context: &Context) -> bool {
        context.caller.is_admin() || context.caller.has_role(DESIGNER) && !context.caller.read_only
    }

    /// Reads a definition and says what publishing it would do. What it adds to a ledger of the program becomes part of the
    /// city's overlay, so that the program's next release leaves it alone.
    ///
    /// # Errors
    /// [`LedgerError::Schema`] with every mistake, [`LedgerError::Forbidden`].
    pub async fn plan_definition(&self, context: &Context, toml: &str) -> Result<(Arc<LedgerDef>, Plan)> {
        let edited = self.own_definition(context, toml)?;
        let catalogue = self.city().catalogue();
        let (definition, overlay) = match catalogue.get(&edited.key).filter(|known| !is_own(&known.def)) {
            None => (edited, None),
            Some(published) if published.def.source.text == edited.source.text => (edited, None),
            Some(published) => {
                let mut overlays = schema::overlays(self.city()).await?;
                let present = overlays.remove(&edited.key);
                let extension = Overlay::extending(&published.def, &edited.source, present.as_ref())?;
                let whole = extension.added.lay_over(&published.def, present.as_ref())?;
                (Arc::new(whole), Some(extension.whole))
            }
        };
        self.check_definitions(&definition)?;
        let wanted = Wanted { definitions: vec![Arc::clone(&definition)], ..Wanted::default() };
        let plan = schema::plan(self.city(), wanted).await?;
        Ok((definition, plan.keeping(overlay.into_iter().collect())))
    }

    /// Publishes a definition.
    ///
    /// # Errors
    /// As [`Ledgers::plan_definition`]; [`LedgerError::Store`] when it would do more than add.
    pub async fn publish_definition(&self, context: &Context, toml: &str) -> Result<Arc<LedgerDef>> {
        let (definition, plan) = self.plan_definition(context, toml).await?;
        schema::apply(self.city(), &plan, Allow::Additions, &context.act, self.ids()).await?;
        self.compiled()?;
        Ok(definition)
    }

    /// The TOML of a ledger, for download.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`].
    pub fn definition_toml(&self, context: &Context, ledger: &str) -> Result<String> {
        Ok(self.gate(context, ledger)?.def().source.text.clone())
    }

    fn own_definition(&self, context: &Context, toml: &str) -> Result<Arc<LedgerDef>> {
        // Read once for the key, since the name of the file is made of it.
        let key = LedgerDef::read(SourceFile::new("新しい台帳.toml", toml))?.key;
        let known = self.city().catalogue().get(&key).cloned();
        let name = known.as_ref().map_or_else(|| own_name(&key), |known| known.def.source.name.clone());
        match &known {
            None if !self.may_design(context) => return Err(LedgerError::Forbidden { action: Action::Design }),
            None => {}
            // A key that is taken by a ledger that the caller may not change is taken, and no more is said.
            Some(_) if context.caller.is_admin() => {}
            Some(_) => match self.gate(context, &key) {
                Ok(gate) => gate.require(Action::Design)?,
                Err(_) => return Err(LedgerError::Refused(format!("台帳のキー「{key}」はすでに使われています。"))),
            },
        }
        let definition = Arc::new(LedgerDef::read(SourceFile::new(name, toml))?);
        if is_own(&definition) {
            refuse_orphan(&definition)?;
        }
        Ok(definition)
    }
}

/// A ledger of the desk says who answers for it and what it is for, so that somebody can be asked later.
fn refuse_orphan(definition: &LedgerDef) -> Result<()> {
    let missing = |path: &str, message: &str| {
        Err(kawasemi_schema::SchemaErrors::from(definition.source.error(path, message, "")).into())
    };
    if definition.owner.trim().is_empty() {
        return missing("owner", "担当課がありません");
    }
    if definition.description.is_empty() && definition.purpose.is_empty() {
        return missing("description", "何のための台帳かを書いてください");
    }
    if definition.grants.is_empty() {
        return missing("", "誰も見られない台帳です。権限を足してください");
    }
    Ok(())
}
