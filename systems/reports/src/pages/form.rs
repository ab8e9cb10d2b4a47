//! A report in three steps (通報): where, what, and a photograph with a sentence.
//!
//! It is one form that works without a script; a script shows its parts one after the other, finds the position, makes photographs
//! small and keeps what was entered when there is no signal. Before a report is taken, open ones nearby are shown: who says that it is
//! the same joins it. The form carries an id, from which and from what was entered the report's follows, so that what is sent twice,
//! such as after a lost connection, is there once.

use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::{StatusCode, header};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::form_view::{self, Shown};
use super::waiting;
use crate::intake::{self, REPORT_PARCEL, SUPPORT_PARCEL, Submission, Support};
use crate::photo;
use crate::platform::desk::{Cx, Entries, Problem, Uploads};
use crate::public;
use crate::records::{Category, Settings};
use crate::rules::{Place, tracking};
use crate::words;

/// Where the form lies.
pub const PATH: &str = "/report";

/// What stands in the form.
pub struct Typed {
    /// The form's id.
    pub id: Uuid,
    /// The position as typed.
    pub location: String,
    /// The code of the category.
    pub category: String,
    /// Under which the photographs wait.
    pub kept: Option<Uuid>,
    /// What is handed in.
    pub submission: Submission,
    /// What is wrong, by field.
    pub mistakes: Vec<(&'static str, String)>,
    /// Minutes until something may be sent again.
    pub wait: Option<i64>,
}

impl Typed {
    /// An empty form; a link may say where and what.
    fn empty(cx: &Cx) -> Self {
        let asked = |name: &str| cx.query(name).unwrap_or_default();
        Self {
            id: cx.desk().ids().next(),
            location: asked("location"),
            category: asked("category"),
            kept: None,
            submission: Submission::default(),
            mistakes: Vec::new(),
            wait: None,
        }
    }

    fn of(cx: &Cx, entries: &Entries) -> Self {
        let text = |name: &str| entries.text(name).to_owned();
        let location = text("location");
        let place = Place::parse(&location);
        let submission = Submission {
            // A position that can't be read is a mistake, not an empty field.
            place: match place {
                Some(place) => Some((place.latitude, place.longitude)),
                None if location.is_empty() => None,
                None => Some((f64::NAN, f64::NAN)),
            },
            address: text("address"),
            description: text("description"),
            private_premises: entries.all("private_premises").any(|value| value == "true" || value == "on"),
            name: text("name"),
            mail: text("mail"),
            phone: text("phone"),
            language: cx.lang().key().to_owned(),
            channel: if cx.is_signed_in() { "counter" } else { "web" }.to_owned(),
            received_at: Some(cx.context().act.at),
            ..Submission::default()
        };
        Self {
            id: entries.text("id").parse().unwrap_or_else(|_| cx.desk().ids().next()),
            location,
            category: text("category"),
            kept: entries.text("kept").parse().ok(),
            submission,
            mistakes: Vec::new(),
            wait: None,
        }
    }

    /// Takes the photographs that came now, after those that wait; what can't be taken is a mistake.
    async fn photographs(&mut self, cx: &Cx, uploads: &Uploads, settings: &Settings) -> Result<(), Problem> {
        let (t, now) = (words(cx.lang()), cx.context().act.at);
        let mut photos = match self.kept {
            Some(kept) => match waiting::find(kept, now) {
                Some(photos) => photos,
                None => {
                    self.mistakes.push(("photo", t.get("photo-again")));
                    Vec::new()
                }
            },
            None => Vec::new(),
        };
        for upload in uploads.files.iter().filter(|upload| upload.field == "photo") {
            if photos.len() >= settings.photos_most {
                self.mistakes.push(("photo", t.get("photo-too-many")));
                break;
            }
            match photo::take(cx, upload).await {
                Ok(photo) => photos.push(photo),
                Err(photo::PhotoError::Ours(reason)) => return Err(Problem::internal(&std::io::Error::other(reason))),
                Err(error) => self.mistakes.push(("photo", t.get(error.word()))),
            }
        }
        self.submission.photos = photos;
        Ok(())
    }

    fn check(&mut self, cx: &Cx, category: Option<&Category>, settings: &Settings) {
        let t = words(cx.lang());
        let found = intake::check(&self.submission, category, settings);
        // What Open311 asks further is not asked here.
        let found = found.into_iter().filter(|mistake| mistake.field != "answers");
        self.mistakes.extend(found.map(|mistake| (mistake.field, t.get(mistake.word))));
    }

    /// The id under which it is handed in: the same when the same is sent twice.
    fn parcel(&self, join: &str) -> Uuid {
        let one = &self.submission;
        let mut hashed = Sha256::new().chain_update(self.id.as_bytes());
        let texts = [&self.location, &self.category, &one.address, &one.description, &one.name, &one.mail, &one.phone];
        for text in texts.into_iter().map(String::as_str).chain([join]) {
            hashed = hashed.chain_update(text).chain_update([0]);
        }
        for photo in &one.photos {
            hashed = hashed.chain_update(Sha256::digest(&photo.jpeg));
        }
        tracking::id_from(&hashed.finalize())
    }

    /// Lets the photographs wait for the form to come back.
    fn let_wait(&mut self, cx: &Cx) {
        if self.submission.photos.is_empty() {
            return;
        }
        let id = self.kept.unwrap_or_else(|| cx.desk().ids().next());
        waiting::keep(id, self.submission.photos.clone(), cx.context().act.at);
        self.kept = Some(id);
    }
}

/// What a page of the form needs to know.
pub struct Around {
    /// The categories that are taken.
    pub categories: Vec<Category>,
    /// The city's settings.
    pub settings: Settings,
}

impl Around {
    async fn load(cx: &Cx) -> Result<Self, Problem> {
        let context = public::context(cx.context().act.at);
        let mut categories = Category::all(cx.ledgers(), &context).await?;
        categories.retain(|category| category.active);
        Ok(Self { categories, settings: Settings::load(cx.ledgers(), &context).await? })
    }
}

/// `GET /report`
pub async fn empty(cx: Cx) -> Result<Response, Problem> {
    is_open(&cx).await?;
    let around = Around::load(&cx).await?;
    Ok(Html(form_view::page(&cx, &around, &Typed::empty(&cx))).into_response())
}

/// `POST /report`
pub async fn send(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    is_open(&cx).await?;
    let around = Around::load(&cx).await?;
    let entries = &uploads.entries;
    let mut typed = Typed::of(&cx, entries);
    typed.photographs(&cx, &uploads, &around.settings).await?;
    let category = around.categories.iter().find(|category| category.code == typed.category);
    typed.check(&cx, category, &around.settings);
    let (Some(category), true) = (category, typed.mistakes.is_empty()) else {
        typed.let_wait(&cx);
        let page = form_view::page(&cx, &around, &typed);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
    };
    typed.submission.category = category.id.0;
    let join = entries.text("join").to_owned();
    if join.is_empty() && !entries.has("confirmed") {
        let near = near(&cx, &around, category, &typed.submission).await?;
        if !near.is_empty() {
            typed.let_wait(&cx);
            return Ok(Html(form_view::same(&cx, &around, &typed, &near)).into_response());
        }
    }
    let visit = cx.visit();
    if let Err(wait) = cx.desk().hand_ins().take(visit.address, visit.at) {
        let minutes = wait.as_mins() + 1;
        typed.wait = Some(minutes);
        typed.let_wait(&cx);
        let retry = [(header::RETRY_AFTER, (minutes * 60).to_string())];
        let page = form_view::page(&cx, &around, &typed);
        return Ok((StatusCode::TOO_MANY_REQUESTS, retry, Html(page)).into_response());
    }
    let id = typed.parcel(&join);
    let to = if join.is_empty() {
        hand_in(&cx, id, REPORT_PARCEL, &typed.submission).await?;
        format!("/report/sent?number={}", tracking::number(id))
    } else {
        let report = tracking::read(&join).ok_or_else(Problem::not_found)?;
        let report = public::by_reference(cx.ledgers(), visit.at, &report).await?.ok_or_else(Problem::not_found)?;
        hand_in(&cx, id, SUPPORT_PARCEL, &support(&typed.submission, report.id.0)).await?;
        format!("/report/sent?number={}&joined=1", report.reference)
    };
    if let Some(kept) = typed.kept {
        waiting::forget(kept);
    }
    Ok(Redirect::to(&cx.href(&to)).into_response())
}

fn support(one: &Submission, report: Uuid) -> Support {
    Support {
        report,
        note: one.description.clone(),
        photos: one.photos.clone(),
        name: one.name.clone(),
        mail: one.mail.clone(),
        phone: one.phone.clone(),
        language: one.language.clone(),
        at: one.received_at,
    }
}

async fn hand_in<T: serde::Serialize>(cx: &Cx, id: Uuid, kind: &str, what: &T) -> Result<(), Problem> {
    let body = serde_json::to_vec(what).map_err(|error| Problem::internal(&error))?;
    Ok(cx.city().courier.submit_as(id, kind, body).await?)
}

/// Whether reports can be handed in: on a separated portal, only once it knows the desk's key.
async fn is_open(cx: &Cx) -> Result<(), Problem> {
    let t = words(cx.lang());
    cx.city().courier.is_open().await.map_err(|_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-open", t.get("report-closed"), t.get("report-closed-note"))
    })
}

/// Open reports that may tell of the same.
async fn near(
    cx: &Cx,
    around: &Around,
    category: &Category,
    submission: &Submission,
) -> Result<Vec<intake::Nearby>, Problem> {
    let Some(place) = submission.place() else { return Ok(Vec::new()) };
    let at = cx.context().act.at;
    let context = public::context(at);
    let found = intake::nearby(
        cx.ledgers(),
        &context,
        &around.settings,
        &around.categories,
        category,
        place,
        &submission.description,
        at,
        intake::Compared::Public,
    );
    Ok(found.await?)
}

/// `GET /report/nearby`: the same question for the script, as a piece of the page.
pub async fn nearby(cx: Cx) -> Result<Response, Problem> {
    let around = Around::load(&cx).await?;
    let asked = |name: &str| cx.query(name).unwrap_or_default();
    let category = around.categories.iter().find(|category| category.code == asked("category"));
    let place = Place::parse(&asked("location"));
    let (Some(category), Some(place)) = (category, place) else { return Ok(Html(String::new()).into_response()) };
    let submission =
        Submission { place: Some((place.latitude, place.longitude)), description: asked("q"), ..Submission::default() };
    let near = near(&cx, &around, category, &submission).await?;
    Ok(Html(form_view::near_list(&cx, &around, &near).into_string()).into_response())
}

/// `GET /report/sent`
pub async fn sent(cx: Cx) -> Response {
    let number = cx.query("number").and_then(|number| tracking::read(&number));
    let joined = cx.query("joined").is_some();
    Html(form_view::sent(&cx, Shown { number, joined })).into_response()
}
