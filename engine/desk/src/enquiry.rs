//! Residents' comments and questions (意見・問合せ): a form of the portal, which becomes a record at the desk.
//!
//! Where portal and desk are separated, what is sent here is sealed to the desk at once, and this server can't read it any
//! more. The form carries an id, from which and from what was typed the parcel's follows: what is sent twice is there once.

use axum::response::{Html, IntoResponse, Redirect, Response};
use http::{StatusCode, header};
use kawasemi_courier::CourierError;
use kawasemi_courier::records::ENQUIRY;
use kawasemi_kernel::contact::{MailAddress, Phone};
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, SafeHtml};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::problem::Problem;
use crate::request::{Cx, Entries, reference};
use crate::routes::{Routes, get};

const PATH: &str = "/enquiry";
/// The fields that are typed, with the most characters of each.
const TYPED: [(&str, u32); 5] = [("subject", 100), ("body", 4000), ("name", 80), ("mail", 200), ("phone", 30)];

/// The routes.
pub fn routes() -> Routes {
    Routes::new().route(PATH, get(empty).post(send)).route("/enquiry/sent", get(sent))
}

/// What stands in the form.
struct Typed {
    id: Uuid,
    values: Vec<(&'static str, String)>,
    reply_wanted: bool,
    mistakes: Vec<(&'static str, String)>,
    /// Minutes until something may be sent again.
    wait: Option<i64>,
}

impl Typed {
    fn empty(id: Uuid) -> Self {
        Self { id, values: Vec::new(), reply_wanted: false, mistakes: Vec::new(), wait: None }
    }

    fn of(cx: &Cx, entries: &Entries) -> Self {
        let id = entries.text("id").parse().unwrap_or_else(|_| cx.desk().ids().next());
        let values = TYPED.iter().map(|(key, _)| (*key, entries.text(key).to_owned())).collect();
        let reply_wanted = entries.all("reply_wanted").any(|value| !value.is_empty() && value != "false");
        let mut typed = Self { id, values, reply_wanted, mistakes: Vec::new(), wait: None };
        typed.check(cx);
        typed
    }

    fn value(&self, key: &str) -> &str {
        self.values.iter().find(|(known, _)| *known == key).map_or("", |(_, value)| value.as_str())
    }

    fn check(&mut self, cx: &Cx) {
        let t = cx.t();
        let mut mistakes = Vec::new();
        for (key, most) in TYPED {
            if self.value(key).chars().count() > most as usize {
                mistakes.push((key, t.say("enquiry-too-long").with("most", most.to_string()).to_string()));
            }
        }
        for (key, said) in [("subject", "enquiry-no-subject"), ("body", "enquiry-no-body")] {
            if self.value(key).trim().is_empty() {
                mistakes.push((key, t.get(said)));
            }
        }
        let (mail, phone) = (self.value("mail"), self.value("phone"));
        if !mail.is_empty() && mail.parse::<MailAddress>().is_err() {
            mistakes.push(("mail", t.get("enquiry-bad-mail")));
        }
        if !phone.is_empty() && phone.parse::<Phone>().is_err() {
            mistakes.push(("phone", t.get("enquiry-bad-phone")));
        }
        if self.reply_wanted && mail.is_empty() && phone.is_empty() {
            mistakes.push(("mail", t.get("enquiry-no-contact")));
        }
        self.mistakes = mistakes;
    }

    /// The id under which it is handed in: the same when the same is sent twice, another when something was changed after
    /// going back to the form.
    fn parcel(&self) -> Uuid {
        let mut hashed = Sha256::new().chain_update(self.id.as_bytes());
        for (key, value) in &self.values {
            hashed = hashed.chain_update(key).chain_update([0]).chain_update(value).chain_update([0]);
        }
        let hashed = hashed.chain_update([u8::from(self.reply_wanted)]).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hashed[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// The parcel's body: the fields of the ledger.
    fn body(&self, cx: &Cx, reference: &str) -> Vec<u8> {
        let mut fields = serde_json::Map::new();
        for (key, value) in self.values.iter().filter(|(_, value)| !value.trim().is_empty()) {
            fields.insert((*key).to_owned(), value.as_str().into());
        }
        fields.insert("reply_wanted".to_owned(), self.reply_wanted.into());
        fields.insert("reference".to_owned(), reference.into());
        fields.insert("received_at".to_owned(), cx.context().act.at.to_string().into());
        fields.insert("language".to_owned(), cx.lang().key().into());
        serde_json::Value::Object(fields).to_string().into_bytes()
    }
}

/// `GET /enquiry`
async fn empty(cx: Cx) -> Result<Response, Problem> {
    is_offered(&cx).await?;
    Ok(show(&cx, &Typed::empty(cx.desk().ids().next())))
}

/// `POST /enquiry`
async fn send(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    is_offered(&cx).await?;
    let mut typed = Typed::of(&cx, &entries);
    if !typed.mistakes.is_empty() {
        return Ok(show(&cx, &typed));
    }
    let visit = cx.visit();
    if let Err(wait) = cx.desk().hand_ins().take(visit.address, visit.at) {
        typed.wait = Some(wait.as_mins() + 1);
        return Ok(show(&cx, &typed));
    }
    let id = typed.parcel();
    let reference = reference::of(id);
    match cx.city().courier.submit_as(id, ENQUIRY, typed.body(&cx, &reference)).await {
        Ok(()) => Ok(Redirect::to(&cx.href(&format!("/enquiry/sent?reference={reference}"))).into_response()),
        // What the desk's ledger does not take, in an installation that is both.
        Err(CourierError::Refused(reason)) => {
            tracing::error!(reference = cx.reference(), reason, "an enquiry was refused");
            Err(Problem::internal(&std::io::Error::other(reason)))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /enquiry/sent`
async fn sent(cx: Cx) -> Response {
    let (site, t) = (cx.portal_site(), cx.t());
    let number = cx.query("reference").filter(|text| reference::is_one(text));
    let mut notice = Notice::new(Tone::Success, t.get("enquiry-sent")).text(t.get("enquiry-sent-note"));
    if let Some(number) = number {
        let line = t.say("enquiry-reference").with("reference", number).to_string();
        notice = notice.more(SafeHtml::trusted(format!("<p><strong>{}</strong></p>", SafeHtml::escape(line))));
    }
    let home = LinkButton::new(t.get("problem-home"), cx.href("/")).html();
    Html(Page::new(&site, t.get("enquiry-title")).narrow().notice(notice).body(home).render()).into_response()
}

/// Whether the city takes enquiries here.
async fn is_offered(cx: &Cx) -> Result<(), Problem> {
    if cx.catalogue().get(ENQUIRY).is_none() {
        return Err(Problem::not_found());
    }
    match cx.city().courier.is_open().await {
        Err(CourierError::NoPeer(_)) => {
            let t = cx.t();
            Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "not-open",
                t.get("enquiry-closed"),
                t.get("enquiry-closed-note"),
            ))
        }
        other => Ok(other?),
    }
}

fn show(cx: &Cx, typed: &Typed) -> Response {
    let (site, t) = (cx.portal_site(), cx.t());
    let field = |key: &'static str, label: &str, kind: FieldKind| {
        let mut field = FieldView::new(key, t.get(label), kind).value(typed.value(key));
        if let Some((_, said)) = typed.mistakes.iter().find(|(wrong, _)| *wrong == key) {
            field = field.error(said.as_str());
        }
        field
    };
    let text = |max| FieldKind::Text { max: Some(max) };
    let reply = FieldView::new("reply_wanted", t.get("enquiry-reply"), FieldKind::YesNo).value(if typed.reply_wanted {
        "true"
    } else {
        ""
    });
    let form = Form::new(cx.lang(), cx.href(PATH))
        .hidden("id", typed.id.to_string())
        .fields(vec![
            field("subject", "enquiry-subject", text(100)).required(),
            field("body", "enquiry-body", FieldKind::LongText { max: Some(4000) }).required(),
        ])
        .section(
            t.get("enquiry-contact"),
            vec![
                reply,
                field("name", "enquiry-name", text(80)).autocomplete("name"),
                field("mail", "enquiry-mail", FieldKind::Mail).autocomplete("email"),
                field("phone", "enquiry-phone", FieldKind::Phone).autocomplete("tel"),
            ],
        )
        .submit(t.get("enquiry-send"));
    let page = Page::new(&site, t.get("enquiry-title")).narrow().lead(t.get("enquiry-lead")).body(form.html());
    if let Some(minutes) = typed.wait {
        let said = t.say("enquiry-often-note").with("minutes", minutes.to_string()).to_string();
        let page = page.notice(Notice::new(Tone::Warning, t.get("enquiry-often")).text(said));
        let retry = [(header::RETRY_AFTER, (minutes * 60).to_string())];
        return (StatusCode::TOO_MANY_REQUESTS, retry, Html(page.with_mistakes().render())).into_response();
    }
    if typed.mistakes.is_empty() {
        return Html(page.render()).into_response();
    }
    (StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response()
}
