//! Shared machines (窓口端末): the list, putting the machine at which one sits on it, and taking one off.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use kawasemi_identity::{Cookie, IdentityError, SharedDevice};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{Post, Submit};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use uuid::Uuid;

use super::{page, site};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, done, done_at, note, section, when};

const PATH: &str = "/desk/admin/devices";

const DONE: [(&str, &str); 2] = [
    ("registered", "この端末を窓口端末にしました。次のサインインから、画面のロックとPINが使えます。"),
    ("removed", "窓口端末から外しました。その端末のサインインは終わりました。"),
];

/// `GET /desk/admin/devices`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    render(&cx, "", None).await
}

/// `POST /desk/admin/devices`: puts the machine at which the browser runs on the list.
pub async fn register(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let name = entries.text("name");
    match cx.city().identity.register_device(cx.context(), name).await {
        Ok(secret) => {
            let mut response = done_at(PATH, "registered");
            let cookie = Cookie::Device.set(&secret, cx.desk().settings().https);
            let value = HeaderValue::from_str(&cookie).map_err(|error| Problem::internal(&error))?;
            response.headers_mut().append(header::SET_COOKIE, value);
            Ok(response)
        }
        Err(IdentityError::Invalid(said)) => render(&cx, name, Some(said)).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/admin/devices/{id}/remove`
pub async fn remove(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    cx.city().identity.remove_device(cx.context(), id).await?;
    Ok(done_at(PATH, "removed"))
}

async fn render(cx: &Cx, name: &str, mistake: Option<String>) -> Result<Response, Problem> {
    let identity = &cx.city().identity;
    let devices = identity.devices(cx.context()).await?;
    let here = match cx.device() {
        Some(secret) => identity.device(secret).await?,
        None => None,
    };
    let rules = identity.rules();
    let mut body = note(&format!(
        "窓口端末では、{}分使わないと画面がロックされ、{}分でサインインが終わります。その日に一度サインインした職員は、PINですぐに交代できます。",
        rules.counter_lock.as_mins(),
        rules.counter_idle.as_mins()
    ));
    body.push(&if devices.is_empty() {
        Empty::new("窓口端末はまだありません")
            .text("共用で使うパソコンの前で、下から登録してください。")
            .icon(Icon::Board)
            .html()
    } else {
        table(&devices, here.as_ref().map(|device| device.id))
    });
    let mistaken = mistake.is_some();
    body.push(&section("この端末を窓口端末にする", &form(here.as_ref(), name, mistake)));
    let site = site(cx);
    let mut page = page(&site, "窓口端末");
    if let Some(notice) = done(cx, &DONE) {
        page = page.notice(notice);
    }
    Ok(answer(page.body(body), mistaken).into_response())
}

fn table(devices: &[SharedDevice], here: Option<Uuid>) -> SafeHtml {
    let columns = vec![
        Column::new("name", "端末"),
        Column::new("registered", "登録").align(Align::Tight),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let rows = devices.iter().map(|device| {
        let name =
            if here == Some(device.id) { format!("{}（この端末）", device.name) } else { device.name.clone() };
        let question = format!("「{}」を窓口端末から外しますか。その端末のサインインは終わります。", device.name);
        let remove = Post::new(format!("{PATH}/{}/remove", device.id), Submit::new("外す").question(question));
        Row::new(vec![SafeHtml::escape(name), SafeHtml::escape(when(device.registered_at)), remove.html()])
    });
    Table::new(Lang::Ja, "窓口端末", columns, rows.collect()).html()
}

fn form(here: Option<&SharedDevice>, name: &str, mistake: Option<String>) -> SafeHtml {
    if let Some(device) = here {
        return Notice::new(Tone::Info, format!("この端末は「{}」として登録されています", device.name)).html();
    }
    let mut field = FieldView::new("name", "端末の名前", FieldKind::Text { max: Some(60) })
        .hint("どこの端末か分かる名前。例：市民課 3番窓口")
        .value(name)
        .required();
    if let Some(mistake) = mistake {
        field = field.error(mistake);
    }
    let form = Form::new(Lang::Ja, PATH).fields(vec![field]).submit("この端末を登録する").plain();
    let mut html = note("登録すると、このブラウザーに印（Cookie）が残ります。ほかのブラウザーや端末には効きません。");
    html.push(&form.html());
    html
}
