//! Printed sheets of one-time codes (確認コード表), for people who have neither a telephone for it nor a security key.
//!
//! An administrator issues a sheet and hands it over on paper; each code works once, after the password, and a new sheet ends the
//! one before. The codes are kept as hashes. That somebody has a sheet is remembered when the last code is used, so that the
//! second factor does not vanish with it.

use kawasemi_store::{Sql, Statement, Unit, Unmet};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::caller::Context;
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, stored};
use crate::secret::Entropy;

/// Codes on a sheet: some weeks of mornings, on one page of A4.
const CODES: usize = 40;
/// Letters that are told apart on paper.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters of a code (50 bits), shown in two groups. Recovery codes are longer.
const LENGTH: usize = 10;

impl Identity {
    /// Issues a sheet for an account and answers its codes in order, which are never shown again. The sheet before ends.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`], [`IdentityError::StepUpNeeded`], [`IdentityError::Invalid`] for oneself: who issues a
    /// sheet for themselves needs no second factor any more.
    pub async fn issue_code_sheet(&self, context: &Context, account: Uuid) -> Result<Vec<String>> {
        context.require_admin()?;
        self.require_fresh(context)?;
        if context.act.actor.account() == Some(account) {
            return Err(IdentityError::invalid(
                "自分の確認コード表は発行できません。ほかのシステム管理者に依頼してください。",
            ));
        }
        let found = self.account(context, account).await?;
        if !found.summary.kind.may_sign_in() {
            return Err(IdentityError::invalid("連携用の利用者には、確認コード表を発行できません。"));
        }
        let codes: Vec<String> = (0..CODES).map(|_| code(self.entropy())).collect();
        let mut unit = Unit::of([Statement::any(Sql::with(
            "DELETE FROM {account_code_sheet} WHERE account = $1",
            [account.into()],
        ))]);
        // The place 0 says that there is a sheet, and is no code.
        let hashes = std::iter::once(Vec::new()).chain(codes.iter().filter_map(|code| hash(account, code)));
        for (place, hash) in (0_i64..).zip(hashes) {
            unit.add(Sql::with(
                "INSERT INTO {account_code_sheet} (account, place, hash, issued_at, issued_by) VALUES ($1, $2, $3, $4, $5)",
                [
                    account.into(),
                    place.into(),
                    hash.into(),
                    stored(context.act.at),
                    context.act.actor.to_string().into(),
                ],
            ));
        }
        unit.add(self.event(context, EventKind::CodeSheetIssued, account, ""));
        self.write_about(account, unit).await?;
        Ok(codes)
    }

    /// How many codes of an account's sheet are left; none where it has no sheet.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than the account itself and administrators.
    pub async fn codes_left(&self, context: &Context, account: Uuid) -> Result<Option<usize>> {
        if context.caller.account.as_ref().is_none_or(|own| own.id != account) {
            context.require_admin()?;
        }
        let sql = Sql::with("SELECT 1 FROM {account_code_sheet} WHERE account = $1", [account.into()]);
        Ok(self.inner.city.read(sql).await?.len().checked_sub(1))
    }

    /// The statement that uses up a code of the account's sheet, and its place; none if it is wrong.
    pub(crate) async fn check_code_sheet(&self, account: Uuid, code: &str) -> Result<Option<(Statement, i64)>> {
        let Some(hash) = hash(account, code) else { return Ok(None) };
        let of_account = [account.into(), hash.into()];
        let found = Sql::with(
            "SELECT place FROM {account_code_sheet} WHERE account = $1 AND hash = $2 AND place > 0",
            of_account.clone(),
        );
        let Some(row) = self.inner.city.read_one(found).await? else { return Ok(None) };
        let delete =
            Sql::with("DELETE FROM {account_code_sheet} WHERE account = $1 AND hash = $2 AND place > 0", of_account);
        Ok(Some((Statement::one_row(delete, Unmet::Conflict), row.get(0)?)))
    }
}

fn code(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; LENGTH];
    entropy.fill(&mut bytes);
    let letters: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    format!("{}-{}", &letters[..LENGTH / 2], &letters[LENGTH / 2..])
}

/// What is stored of a code; none if it is not the shape of one.
fn hash(account: Uuid, code: &str) -> Option<Vec<u8>> {
    if code.len() > 64 {
        return None;
    }
    let letters: String =
        code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let shaped = letters.len() == LENGTH && letters.bytes().all(|letter| LETTERS.contains(&letter));
    let digest = || Sha256::new().chain_update("sheet").chain_update(account.as_bytes()).chain_update(&letters);
    shaped.then(|| digest().finalize().to_vec())
}
