//! Asking for maintenance.

use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use kawasemi_identity::caller::ADMIN;
use kawasemi_identity::maintenance::NewMaintenance;
use kawasemi_identity::outside::ROLE_PREFIX;
use kawasemi_identity::{AccountKind, AccountQuery, IdentityError};
use kawasemi_kernel::Lang;
use kawasemi_kernel::context::start_of;
use kawasemi_ui::Component;
use kawasemi_ui::field::{Choice, FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use uuid::Uuid;

use super::super::{page, site};
use super::{PATH, href};
use crate::account::read_day;
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, done_at};

/// What was typed, with mistakes by field; the empty key for the form as a whole.
#[derive(Default)]
struct Typed {
    account: String,
    ticket: String,
    reason: String,
    role: String,
    from: String,
    from_time: String,
    until: String,
    until_time: String,
    hours: String,
    mistakes: Vec<(&'static str, String)>,
}

impl Typed {
    fn of(entries: &Entries) -> Self {
        let text = |name: &str| entries.text(name).to_owned();
        Self {
            account: text("account"),
            ticket: text("ticket"),
            reason: text("reason"),
            role: text("role"),
            from: text("from"),
            from_time: text("from_time"),
            until: text("until"),
            until_time: text("until_time"),
            hours: text("hours"),
            mistakes: Vec::new(),
        }
    }

    /// What is asked for, if it can be made out.
    fn wanted(&mut self) -> Option<NewMaintenance> {
        let account = self.account.parse::<Uuid>().ok();
        if account.is_none() {
            self.mistakes.push(("account", "保守業者の利用者を選んでください。".to_owned()));
        }
        let from = self.instant("from", &self.from.clone(), "from_time", &self.from_time.clone());
        let until = self.instant("until", &self.until.clone(), "until_time", &self.until_time.clone());
        Some(NewMaintenance {
            account: account?,
            ticket: self.ticket.clone(),
            roles: Some(self.role.clone()).filter(|role| !role.is_empty()).into_iter().collect(),
            from: from?,
            until: until?,
            hours: Some(self.hours.trim().to_owned()).filter(|hours| !hours.is_empty()),
        })
    }

    fn instant(&mut self, field: &'static str, day: &str, time_field: &'static str, time: &str) -> Option<Timestamp> {
        let day: Option<Date> = match read_day(day) {
            Ok(Some(day)) => Some(day),
            Ok(None) => {
                self.mistakes.push((field, "日付を入力してください。".to_owned()));
                None
            }
            Err(said) => {
                self.mistakes.push((field, said));
                None
            }
        };
        let parts = time.trim().split_once(':').and_then(|(h, m)| Some((h.parse().ok()?, m.parse().ok()?)));
        let time = parts.and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok());
        if time.is_none() {
            self.mistakes.push((time_field, "時刻は 09:00 の形で入力してください。".to_owned()));
        }
        let since_midnight = Time::midnight().duration_until(time?);
        start_of(day?).checked_add(since_midnight).ok()
    }
}

/// `GET /desk/admin/maintenance/new`
pub async fn empty(cx: Cx) -> Result<Response, Problem> {
    let usual = Typed { from_time: "09:00".to_owned(), until_time: "17:00".to_owned(), ..Typed::default() };
    show(&cx, &usual).await
}

/// `POST /desk/admin/maintenance/new`
pub async fn request(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let mut typed = Typed::of(&entries);
    let Some(new) = typed.wanted() else { return show(&cx, &typed).await };
    let grants = cx.grants()?;
    let context = cx.because(&typed.reason);
    match cx.city().identity.request_maintenance(&context, grants.roles(), new).await {
        Ok(id) => Ok(done_at(&href(id), "requested")),
        Err(IdentityError::Invalid(said)) => {
            typed.mistakes.push(("", said));
            show(&cx, &typed).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn show(cx: &Cx, typed: &Typed) -> Result<Response, Problem> {
    let query = AccountQuery { limit: 1000, ..AccountQuery::default() };
    let accounts = cx.city().identity.accounts(cx.context(), &query).await?;
    let vendors = accounts.iter().filter(|one| one.summary.kind == AccountKind::Vendor && !one.disabled);
    let vendors: Vec<Choice> = vendors
        .map(|one| {
            let label = format!("{}（{}）", one.summary.display_name, one.summary.login);
            Choice::new(one.summary.id.to_string(), label)
        })
        .collect();
    let none = vendors.is_empty();
    let grants = cx.grants()?;
    let roles = grants.roles().assignable().filter(|(key, _)| !key.starts_with(ROLE_PREFIX));
    let roles = roles.map(|(key, title)| {
        let warning = if key == ADMIN {
            "（利用者と権限を管理できます。台帳の内容は見られません）"
        } else {
            ""
        };
        Choice::new(key, format!("{title}{warning}"))
    });
    let text = |key: &str, label: &str, max: usize, value: &str| {
        FieldView::new(key, label, FieldKind::Text { max: Some(max as _) }).value(value)
    };
    let time = |key: &str, label: &str, value: &str| {
        FieldView::new(key, label, FieldKind::Text { max: None }).hint("例：09:00").value(value)
    };
    let day = |key: &str, label: &str, value: &str| FieldView::new(key, label, FieldKind::Date).value(value).required();
    let fields = vec![
        FieldView::new("account", "保守業者", FieldKind::Choice { choices: vendors })
            .hint("利用者のうち、種別が「保守業者」のもの。")
            .value(typed.account.as_str())
            .required(),
        text("ticket", "受付番号", 60, &typed.ticket).hint("保守の依頼や障害の番号。例：INC-2026-0123").required(),
        text("reason", "作業の内容と理由", 500, &typed.reason).required(),
        FieldView::new("role", "作業に要る役割", FieldKind::Choice { choices: roles.collect() })
            .hint("空のままにすると、役割なし（公開されているものだけ）です。")
            .value(typed.role.as_str()),
        day("from", "始まりの日", &typed.from),
        time("from_time", "始まりの時刻", &typed.from_time).required(),
        day("until", "終わりの日", &typed.until),
        time("until_time", "終わりの時刻", &typed.until_time).required(),
        time("hours", "使える時間帯", &typed.hours)
            .hint("数日にわたるとき、毎日この時間だけ使えるようにします。例：09:00-17:00。空のままなら終日。"),
    ];
    let of = |key: &str| {
        typed.mistakes.iter().filter(move |(field, _)| *field == key).map(|(_, said)| said.clone()).collect()
    };
    let fields = fields.into_iter().map(|field| {
        let mistakes: Vec<String> = of(&field.key);
        mistakes.into_iter().fold(field, FieldView::error)
    });
    let form = Form::new(Lang::Ja, format!("{PATH}/new")).fields(fields.collect()).submit("申請する").cancel(PATH);
    let general: Vec<String> = of("");
    let form = general.into_iter().fold(form, Form::mistake);
    let mistaken = form.has_mistakes();
    let site = site(cx);
    let mut page = page(&site, "保守作業の申請").crumb("保守作業", PATH);
    if none {
        let notice = Notice::new(Tone::Warning, "保守業者の利用者がいません")
            .text("先に「利用者」で、種別が「保守業者」の利用者を登録してください。");
        page = page.notice(notice);
    }
    Ok(answer(page.body(form.html()), mistaken))
}
