//! What a report is narrowed to, as the address says it.

use jiff::civil::Date;
use kawasemi_kernel::era::parse_date;
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_oversight::reports::{Narrowing, Period};
use kawasemi_registry::{DEPARTMENT, register};
use kawasemi_ui::SafeHtml;
use kawasemi_ui::field::{FieldKind, FieldView};

use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{address, chosen, narrowing, sought};

/// The entries of the form above a report.
pub struct Asked {
    /// The period; the present month where nothing is said.
    pub period: Period,
    /// Department, person and ledger.
    pub narrowing: Narrowing,
    from: String,
    until: String,
    department: String,
    login: String,
    ledger: String,
    mistakes: Vec<(&'static str, String)>,
    further: Vec<(&'static str, &'static str, String)>,
}

impl Asked {
    /// Reads the address. `further` are entries of the report's own: key, label and what holds where nothing is said.
    pub async fn of(cx: &Cx, further: &[(&'static str, &'static str, &str)]) -> Result<Self, Problem> {
        let entered = |name: &str| cx.query(name).unwrap_or_default();
        let month = Period::month_of(cx.context().today());
        let (from, until) = (entered("from"), entered("until"));
        let mut mistakes = Vec::new();
        let mut day = |key: &'static str, text: &str, usual: Date| match text {
            "" => usual,
            text => parse_date(text).unwrap_or_else(|_| {
                mistakes.push((key, "日付を選んでください（例　令和8年11月1日、2026-11-01）。".to_owned()));
                usual
            }),
        };
        let period = Period { from: day("from", &from, month.from), until: day("until", &until, month.until) };
        if period.until < period.from {
            mistakes.push(("until", "終わりの日が、始まりの日より前です。".to_owned()));
        }
        let (department, login, ledger) = (entered("department"), entered("login"), entered("ledger"));
        let mut narrowing = Narrowing {
            department: department.parse::<RecordId>().ok(),
            account: None,
            ledger: Some(ledger.clone()).filter(|key| !key.is_empty()),
        };
        if !login.is_empty() {
            let system = kawasemi_identity::Context::system(cx.context().act.at, "監査");
            match cx.city().identity.lookup_account(&system, &login).await? {
                Some(account) => narrowing.account = Some(account.summary.id),
                None => mistakes.push(("login", format!("利用者名「{login}」の利用者はいません。"))),
            }
        }
        let further = further.iter().map(|(key, label, usual)| {
            let text = entered(key);
            (*key, *label, if text.is_empty() { (*usual).to_owned() } else { text })
        });
        let further = further.collect();
        Ok(Self { period, narrowing, from, until, department, login, ledger, mistakes, further })
    }

    /// Whether what was entered can't be used; the report is empty then.
    pub fn is_mistaken(&self) -> bool {
        !self.mistakes.is_empty()
    }

    /// A number among the report's own entries.
    pub fn number(&mut self, key: &'static str) -> i64 {
        let text = self.further.iter().find(|(known, ..)| *known == key).map_or("", |(.., text)| text.as_str());
        let number = text.parse().ok().filter(|number| (1..=1_000_000).contains(number));
        if number.is_none() {
            self.mistakes.push((key, "1以上の整数を入力してください。".to_owned()));
        }
        number.unwrap_or(1)
    }

    /// The form.
    pub async fn form(&self, cx: &Cx, action: &str) -> Result<SafeHtml, Problem> {
        let said = |field: &str| self.mistakes.iter().find(|(key, _)| *key == field).map(|(_, said)| said.as_str());
        let date = |key: &str, label: &str, value: Date| {
            let field = FieldView::new(key, label, FieldKind::Date).value(value.to_string());
            match said(key) {
                Some(mistake) => field.error(mistake),
                None => field,
            }
            .html(Lang::Ja)
        };
        let system = kawasemi_identity::Context::system(cx.context().act.at, "監査");
        let departments = register::all(cx.ledgers(), &system, DEPARTMENT).await?;
        let departments: Vec<(String, String)> = departments
            .iter()
            .map(|record| (record.id.to_string(), record.get("name").as_text().unwrap_or_default().to_owned()))
            .collect();
        let departments = departments.iter().map(|(id, name)| (id.as_str(), name.as_str()));
        let catalogue = cx.catalogue();
        let personal = catalogue.iter().filter(|ledger| ledger.def.holds_personal_data());
        let ledgers = personal.map(|ledger| (ledger.key(), ledger.def.title.get(Lang::Ja)));
        let mut fields = vec![
            date("from", "この日から", self.period.from),
            date("until", "この日まで", self.period.until),
            chosen("department", "見た人の部署", "すべての部署", departments, &self.department),
            sought("login", "見た人の利用者名", &self.login, said("login")),
            chosen("ledger", "台帳", "すべての台帳", ledgers, &self.ledger),
        ];
        fields.extend(self.further.iter().map(|(key, label, text)| sought(key, label, text, said(key))));
        Ok(narrowing(action, fields, "この条件で調べる"))
    }

    /// The address of the same as a file.
    pub fn csv(&self, path: &str) -> String {
        let mut parameters = vec![
            ("from", self.from.as_str()),
            ("until", &self.until),
            ("department", &self.department),
            ("login", &self.login),
            ("ledger", &self.ledger),
        ];
        parameters.extend(self.further.iter().map(|(key, _, text)| (*key, text.as_str())));
        parameters.push(("format", "csv"));
        address(path, &parameters)
    }

    /// The period in words.
    pub fn said(&self) -> String {
        use kawasemi_kernel::era::long;
        format!("{}から{}まで", long(self.period.from), long(self.period.until))
    }
}
