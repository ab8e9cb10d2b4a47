//! Banks and branches as the zengin data publish them: `banks.json`, and `branches/CODE.json` for each bank.
//!
//! Each is an object from code to `{code, name, kana, …}`. A bank without a file of branches is one of whose branches nothing
//! is said: they stay as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kawasemi_ledger::Visible;
use serde::Deserialize;

use super::SourceMistake;
use super::change::{Coverage, Entry, Wanted, text};
use crate::bundle::{BANK, BANK_BRANCH};

/// Banks with their branches.
#[derive(Clone, Debug, Default)]
pub struct BankSource {
    banks: BTreeMap<String, Named>,
    branches: BTreeMap<String, BTreeMap<String, Named>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Named {
    code: String,
    name: String,
    #[serde(default)]
    kana: String,
}

impl BankSource {
    /// Reads the file of banks and those of branches, by the bank's code.
    ///
    /// # Errors
    /// The first mistake, with the file and the code.
    pub fn read<'a>(
        banks: &str,
        branches: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, SourceMistake> {
        let banks = named("banks.json", banks, 4)?;
        if banks.is_empty() {
            return Err(SourceMistake::whole("金融機関が一つもありません。"));
        }
        let mut source = Self { banks, branches: BTreeMap::new() };
        for (bank, text) in branches {
            let place = format!("branches/{bank}.json");
            if !source.banks.contains_key(bank) {
                let message =
                    format!("金融機関コード {bank} が banks.json にありません。同じ版のファイルをそろえてください。");
                return Err(SourceMistake { place, message });
            }
            let of_bank = named(&place, text, 3)?;
            source.branches.insert(bank.to_owned(), of_bank);
        }
        Ok(source)
    }

    /// The banks.
    pub(super) fn banks(&self) -> Wanted {
        let entry = |bank: &Named| Entry {
            key: bank.code.clone(),
            name: bank.name.clone(),
            values: vec![bank.name.clone(), bank.kana.clone()],
        };
        Wanted {
            ledger: BANK,
            name_fields: &["name"],
            key_field: "code",
            columns: vec!["name", "kana"],
            entries: self.banks.values().map(entry).collect(),
            coverage: Coverage::All,
        }
    }

    /// The branches, of banks with these ids. Those of banks that are no more (not in force) are covered as well.
    pub(super) fn branches(&self, ids: &HashMap<String, String>, in_force: &BTreeSet<String>) -> Wanted {
        let mut entries = Vec::new();
        for (bank, branches) in &self.branches {
            let bank_name = self.banks.get(bank).map(|named| named.name.clone()).unwrap_or_default();
            let id = ids.get(bank).cloned().unwrap_or_default();
            entries.extend(branches.values().map(|branch| Entry {
                key: format!("{bank}-{}", branch.code),
                name: format!("{bank_name} {}", branch.name),
                values: vec![
                    id.clone(),
                    bank_name.clone(),
                    branch.code.clone(),
                    branch.name.clone(),
                    branch.kana.clone(),
                ],
            }));
        }
        let is_gone = |bank: &&String| !self.banks.contains_key(*bank) || !in_force.contains(*bank);
        let gone = ids.keys().filter(is_gone).cloned();
        let covered = self.branches.keys().cloned().chain(gone).collect();
        Wanted {
            ledger: BANK_BRANCH,
            name_fields: &["bank_name", "name"],
            key_field: "code",
            columns: vec!["bank", "bank_name", "branch_code", "name", "kana"],
            entries,
            coverage: Coverage::Groups(bank_of, covered),
        }
    }
}

/// The code of the bank to which a branch belongs.
fn bank_of(branch: &Visible) -> String {
    text(branch.get("code")).split('-').next().unwrap_or_default().to_owned()
}

fn named(place: &str, text: &str, digits: usize) -> Result<BTreeMap<String, Named>, SourceMistake> {
    let refuse = |message: String| SourceMistake { place: place.to_owned(), message };
    let all: BTreeMap<String, Named> = serde_json::from_str(text.trim_start_matches('\u{FEFF}'))
        .map_err(|error| refuse(format!("全銀コードの JSON として読めません（{error}）。")))?;
    for (code, named) in &all {
        let is_code = code.len() == digits && code.bytes().all(|byte| byte.is_ascii_digit());
        if !is_code || *code != named.code {
            return Err(refuse(format!("コード「{code}」が{digits}桁の数字でないか、中の code と違います。")));
        }
        if named.name.trim().is_empty() {
            return Err(refuse(format!("コード {code} に名称がありません。")));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANKS: &str = r#"{"0138":{"code":"0138","name":"横浜","kana":"ヨコハマ","hira":"よこはま"}}"#;

    #[test]
    fn mistakes_name_the_file_and_the_code() {
        for (banks, branches, expected) in [
            ("{", None, "banks.json: 全銀コードの JSON として読めません"),
            ("{}", None, "金融機関が一つもありません"),
            (r#"{"138":{"code":"138","name":"横浜"}}"#, None, "コード「138」が4桁の数字でない"),
            (r#"{"0138":{"code":"0139","name":"横浜"}}"#, None, "中の code と違います"),
            (r#"{"0138":{"code":"0138","name":" "}}"#, None, "コード 0138 に名称がありません"),
            (BANKS, Some(("0001", "{}")), "branches/0001.json: 金融機関コード 0001 が banks.json にありません"),
            (BANKS, Some(("0138", "[]")), "branches/0138.json: 全銀コードの JSON"),
        ] {
            let error = BankSource::read(banks, branches).expect_err(banks).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
