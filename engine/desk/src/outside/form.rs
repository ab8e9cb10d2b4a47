//! Inviting a member, moving their last day, and ending their access; each with a reason.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use kawasemi_identity::IdentityError;
use kawasemi_identity::outside::{Member, NewMember, ROLE_PREFIX};
use kawasemi_kernel::Lang;
use kawasemi_registry::outside::Host;
use kawasemi_ui::button::{LinkButton, Look, row};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::field::{Choice, FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::{Page, Site};
use kawasemi_ui::{Component, SafeHtml, said};
use uuid::Uuid;

use super::{PATH, host, href, list};
use crate::account::read_day;
use crate::admin::one_time_password;
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, code, disclosure, done_at, note, section, when_or};

/// What was typed, with mistakes by field; the empty key for the form as a whole.
#[derive(Default)]
struct Typed {
    login: String,
    display_name: String,
    mail: String,
    role: String,
    until: String,
    reason: String,
    mistakes: Vec<(&'static str, String)>,
}

impl Typed {
    fn of(entries: &Entries) -> Self {
        let text = |name: &str| entries.text(name).to_owned();
        Self {
            login: text("login"),
            display_name: text("display_name"),
            mail: text("mail"),
            role: text("role"),
            until: text("until"),
            reason: text("reason"),
            mistakes: Vec::new(),
        }
    }

    /// The last day; a mistake in the form if it is none.
    fn day(&mut self) -> Option<Date> {
        match read_day(&self.until) {
            Ok(Some(day)) => Some(day),
            Ok(None) => {
                self.mistakes.push(("until", "期限を入力してください。".to_owned()));
                None
            }
            Err(said) => {
                self.mistakes.push(("until", said));
                None
            }
        }
    }
}

/// `GET /desk/outside/{organisation}/new`
pub async fn empty(cx: Cx, Path(organisation): Path<Uuid>) -> Result<Response, Problem> {
    let host = host(&cx, organisation).await?;
    let until = host.answers_for.until.to_string();
    show_new(&cx, &host, &Typed { until, ..Typed::default() })
}

/// `POST /desk/outside/{organisation}/new`
pub async fn invite(cx: Cx, Path(organisation): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    let host = host(&cx, organisation).await?;
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let mut typed = Typed::of(&entries);
    let Some(until) = typed.day() else { return show_new(&cx, &host, &typed) };
    let password = one_time_password(cx.city().identity.entropy());
    let new = NewMember {
        login: typed.login.clone(),
        display_name: typed.display_name.clone(),
        mail: (!typed.mail.is_empty()).then(|| typed.mail.clone()),
        role: typed.role.clone(),
        until,
        password: password.clone(),
    };
    let grants = cx.grants()?;
    let context = cx.because(&typed.reason);
    match cx.city().identity.invite_member(&context, grants.roles(), &host.answers_for, new).await {
        Ok(_) => Ok(invited(&cx, &host, &typed, &password)),
        Err(error @ IdentityError::LoginTaken { .. }) => {
            typed.mistakes.push(("login", error.to_string()));
            show_new(&cx, &host, &typed)
        }
        Err(IdentityError::Invalid(said)) => {
            typed.mistakes.push(("", said));
            show_new(&cx, &host, &typed)
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /desk/outside/{organisation}/{account}`
pub async fn member(cx: Cx, Path((organisation, account)): Path<(Uuid, Uuid)>) -> Result<Response, Problem> {
    let host = host(&cx, organisation).await?;
    let member = found(&cx, &host, account).await?;
    Ok(show_member(&cx, &host, &member, &Typed { until: member.until.to_string(), ..Typed::default() }))
}

/// `POST /desk/outside/{organisation}/{account}/extend`
pub async fn extend(
    cx: Cx,
    Path((organisation, account)): Path<(Uuid, Uuid)>,
    entries: Entries,
) -> Result<Response, Problem> {
    let host = host(&cx, organisation).await?;
    let member = found(&cx, &host, account).await?;
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let mut typed = Typed::of(&entries);
    let Some(until) = typed.day() else { return Ok(show_member(&cx, &host, &member, &typed)) };
    let context = cx.because(&typed.reason);
    let outcome = cx.city().identity.extend_member(&context, &host.answers_for, account, until).await;
    finished(&cx, &host, &member, typed, outcome, "extended")
}

/// `POST /desk/outside/{organisation}/{account}/end`
pub async fn end(
    cx: Cx,
    Path((organisation, account)): Path<(Uuid, Uuid)>,
    entries: Entries,
) -> Result<Response, Problem> {
    let host = host(&cx, organisation).await?;
    let member = found(&cx, &host, account).await?;
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let typed = Typed { until: member.until.to_string(), ..Typed::of(&entries) };
    let context = cx.because(entries.text("reason"));
    let outcome = cx.city().identity.end_member(&context, &host.answers_for, account).await;
    finished(&cx, &host, &member, typed, outcome, "ended")
}

fn finished(
    cx: &Cx,
    host: &Host,
    member: &Member,
    mut typed: Typed,
    outcome: Result<(), IdentityError>,
    done: &str,
) -> Result<Response, Problem> {
    match outcome {
        Ok(()) => Ok(done_at(PATH, done)),
        Err(IdentityError::Invalid(said)) => {
            typed.mistakes.push(("", said));
            Ok(show_member(cx, host, member, &typed))
        }
        Err(error) => Err(error.into()),
    }
}

async fn found(cx: &Cx, host: &Host, account: Uuid) -> Result<Member, Problem> {
    let members = cx.city().identity.members_of(&[host.answers_for]).await?;
    members.into_iter().find(|member| member.account.id == account).ok_or_else(Problem::not_found)
}

fn show_new(cx: &Cx, host: &Host, typed: &Typed) -> Result<Response, Problem> {
    let grants = cx.grants()?;
    let roles = grants.roles().assignable().filter(|(key, _)| key.starts_with(ROLE_PREFIX));
    let roles: Vec<Choice> = roles.map(|(key, title)| Choice::new(key, title)).collect();
    let role = match (&typed.role, roles.as_slice()) {
        (role, [only]) if role.is_empty() => only.key.clone(),
        (role, _) => role.clone(),
    };
    let fields = vec![
        FieldView::new("display_name", "氏名", FieldKind::Text { max: Some(100) })
            .value(typed.display_name.as_str())
            .required(),
        FieldView::new("login", "利用者名", FieldKind::Text { max: Some(64) })
            .hint("サインインに使います。文字・数字と . _ - @ + が使えます。あとから変えられません。")
            .value(typed.login.as_str())
            .required(),
        FieldView::new("mail", "メールアドレス", FieldKind::Mail).value(typed.mail.as_str()),
        FieldView::new("role", "できること", FieldKind::Choice { choices: roles }).value(role).required(),
        until_field(host, typed),
        reason_field(typed, "例：令和8年度 公園点検業務の現場責任者"),
    ];
    let form =
        Form::new(Lang::Ja, format!("{PATH}/{}/new", host.answers_for.organisation)).submit("登録する").cancel(PATH);
    let form = with_mistakes(form, fields, typed);
    let mistaken = form.has_mistakes();
    let site = cx.desk_site("outside");
    let page = page(&site, "外部の利用者の登録").lead(format!("{}（{}）", host.name, host.contract));
    Ok(answer(page.body(form.html()), mistaken))
}

fn show_member(cx: &Cx, host: &Host, member: &Member, typed: &Typed) -> Response {
    let today = cx.context().today();
    let mut body = facts(&[
        Fact::text("団体", &host.name),
        Fact::text("契約", &host.contract),
        Fact::text("契約の終わり", &said::date(Lang::Ja, host.answers_for.until)),
        Fact::text("利用者名", &member.account.login),
        Fact::text("期限", &said::date(Lang::Ja, member.until)),
        Fact::text("理由", &member.reason),
        Fact::text("最後のサインイン", &when_or(member.signed_in_at, "まだありません")),
    ]);
    let address = href(host.answers_for.organisation.0, member.account.id);
    let fields = vec![until_field(host, typed), reason_field(typed, "例：契約の延長")];
    let form = with_mistakes(Form::new(Lang::Ja, format!("{address}/extend")).submit("期限を変える"), fields, typed);
    let mistaken = form.has_mistakes();
    body.push(&section("期限を変える", &form.html()));
    if member.ended_at.is_none() && member.until >= today {
        let fields = vec![reason_field(&Typed::default(), "例：担当者の交代")];
        let form = Form::new(Lang::Ja, format!("{address}/end")).fields(fields).submit("終わらせる").look(Look::Danger);
        let mut inside = note("いますぐサインインできなくなります。あとから期限を変えると、また使えます。");
        inside.push(&form.html());
        body.push(&disclosure("この人の利用を終わらせる", &inside, false));
    }
    let site = cx.desk_site("outside");
    let page = page(&site, &member.account.display_name).beside_title(list::state(member, today));
    answer(page.body(body), mistaken)
}

fn invited(cx: &Cx, host: &Host, typed: &Typed, password: &str) -> Response {
    let mut body: SafeHtml = facts(&[
        Fact::text("団体", &host.name),
        Fact::text("氏名", &typed.display_name),
        Fact::text("利用者名", &typed.login),
        Fact::html("仮パスワード", code(password)),
    ]);
    body.push(&note("本人だけに伝えてください。最初のサインインのときに、本人が新しいパスワードに変えます。"));
    body.push(&row([LinkButton::new("伝えました", PATH).look(Look::Primary).html()]));
    let site = cx.desk_site("outside");
    let notice = Notice::new(Tone::Success, "外部の利用者を登録しました")
        .text("この画面を閉じると、仮パスワードは二度と表示できません。");
    Html(page(&site, "仮パスワード").notice(notice).body(body).render()).into_response()
}

fn page<'a>(site: &'a Site, title: &str) -> Page<'a> {
    Page::new(site, title).crumb("外部の利用者", PATH)
}

fn until_field(host: &Host, typed: &Typed) -> FieldView {
    FieldView::new("until", "期限（この日まで）", FieldKind::Date)
        .hint(format!("契約の終わり（{}）までの日。", said::date(Lang::Ja, host.answers_for.until)))
        .value(typed.until.as_str())
        .required()
}

fn reason_field(typed: &Typed, hint: &str) -> FieldView {
    FieldView::new("reason", "理由", FieldKind::Text { max: Some(500) })
        .hint(hint)
        .value(typed.reason.as_str())
        .required()
}

fn with_mistakes(form: Form, fields: Vec<FieldView>, typed: &Typed) -> Form {
    let of = |key: &str| {
        typed.mistakes.iter().filter(move |(field, _)| *field == key).map(|(_, said)| said.clone()).collect()
    };
    let fields = fields.into_iter().map(|field| {
        let mistakes: Vec<String> = of(&field.key);
        mistakes.into_iter().fold(field, FieldView::error)
    });
    let general: Vec<String> = of("");
    general.into_iter().fold(form.fields(fields.collect()), Form::mistake)
}
