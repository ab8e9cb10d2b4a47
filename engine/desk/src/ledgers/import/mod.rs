//! Bringing a file of rows into a ledger (取込み): upload, say where columns go, try, run; and take it back.
//!
//! The file is stored when it arrives, and every further step names the row that remembers it ([`kawasemi_ledger::import`]),
//! so that any node can go on with it. Trying and running go on in the background ([`runs`]), so that a page never waits for
//! a large file; they show how far they are. What an import left that was broken off is cleared away, and said, as soon as
//! somebody looks.

mod forms;
mod map;
mod photos;
mod report;
mod runs;
mod understood;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use kawasemi_kernel::{FileRef, Lang};
use kawasemi_ledger::LedgerError;
use kawasemi_ledger::import::{FileOptions, ImportRun};
use kawasemi_schema::Action;
use kawasemi_sheets::form::FormMapping;
use kawasemi_store::files::FileError;
use kawasemi_ui::Component;
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::steps::steps;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::batches;
use super::opened::Opened;
use crate::problem::Problem;
use crate::request::Cx;
use crate::request::uploads::{Upload, Uploads};
use crate::routes::{Routes, get, post};
use crate::view::section;

/// The steps on the way.
const STEPS: [&str; 4] = ["ファイルを選ぶ", "列を合わせる", "試しに読む", "取り込む"];
/// What can be read.
const ACCEPT: &str =
    ".csv,.tsv,.txt,.xlsx,.xls,.ods,.mdb,.accdb,.zip,.geojson,.json,.geojsonl,.gpkg,.shp,.kml,.kmz,.gpx";

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/ledgers/{ledger}/import", get(ask).post(upload))
        .route("/desk/ledgers/{ledger}/import/map", get(map::show))
        .route("/desk/ledgers/{ledger}/import/map/report.csv", get(understood::of_file))
        .route("/desk/ledgers/{ledger}/import/forms", get(forms::list).post(forms::sample))
        .route("/desk/ledgers/{ledger}/import/forms/edit", get(forms::edit).post(forms::save))
        .route("/desk/ledgers/{ledger}/import/forms/delete", post(forms::delete))
        .route("/desk/ledgers/{ledger}/import/run", post(runs::start))
        .route("/desk/ledgers/{ledger}/import/runs/{run}", get(runs::show))
        .route("/desk/ledgers/{ledger}/import/runs/{run}/problems.csv", get(report::problems))
        .route("/desk/ledgers/{ledger}/import/runs/{run}/report.csv", get(report::understood))
        .route("/desk/ledgers/{ledger}/batches/{batch}/undo", post(batches::undo))
}

/// `GET /desk/ledgers/{ledger}/import`
async fn ask(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    page(&cx, &opened, None).await
}

/// `POST /desk/ledgers/{ledger}/import`
async fn upload(cx: Cx, Path(ledger): Path<String>, uploads: Uploads) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    let Some(upload) = uploads.file("file") else {
        return page(&cx, &opened, Some("取り込むファイルを選んでください。".to_owned())).await;
    };
    let form = uploads.entries.text("form");
    let options = FileOptions { form: saved_form(&cx, &ledger, form).await?, ..FileOptions::default() };
    // Looked at before it is stored, so that what can't be read is said at once.
    if let Err(error) = cx.ledgers().look_at_file(cx.context(), &ledger, upload.file.path(), &options).await {
        return page(&cx, &opened, Some(format!("{}：{error}", upload.name))).await;
    }
    let mut kept = Vec::new();
    for upload in [Some(upload), uploads.file("photos")].into_iter().flatten() {
        match store(&cx, upload).await? {
            Ok(file) => kept.push(cx.ledgers().keep_import_file(cx.context(), &ledger, &file).await?),
            Err(refusal) => return page(&cx, &opened, Some(format!("{}：{refusal}", upload.name))).await,
        }
    }
    let mut chosen = url::form_urlencoded::Serializer::new(String::new());
    for (name, id) in ["file", "photos"].into_iter().zip(&kept) {
        chosen.append_pair(name, &id.to_string());
    }
    if !form.is_empty() {
        chosen.append_pair("form", form);
    }
    Ok(Redirect::to(&format!("{}?{}", opened.at("import/map"), chosen.finish())).into_response())
}

/// The mapping of a form by its name; none without a name.
async fn saved_form(cx: &Cx, ledger: &str, name: &str) -> Result<Option<FormMapping>, Problem> {
    if name.is_empty() {
        return Ok(None);
    }
    let known = cx.ledgers().form_mappings(cx.context(), ledger).await?;
    let form = known.into_iter().find(|form| form.name == name).ok_or_else(|| {
        let detail = "この様式は削除されたか、名前が変わっています。様式を選び直してください。";
        Problem::new(StatusCode::CONFLICT, "form-gone", "様式が見つかりません", detail)
    })?;
    Ok(Some(form.mapping))
}

/// Stores a file; the inner error is for the person.
pub(crate) async fn store(cx: &Cx, upload: &Upload) -> Result<Result<FileRef, String>, Problem> {
    let reopened = upload.file.reopen().map_err(|error| Problem::internal(&error))?;
    let content = ReaderStream::new(tokio::fs::File::from_std(reopened));
    let id = cx.desk().ids().next();
    let limit = cx.desk().settings().upload_limit;
    match cx.city().files.put(id, &upload.name, limit, content).await {
        Ok(stored) => Ok(Ok(FileRef {
            id,
            name: upload.name.clone(),
            media_type: stored.kind.media_type.to_owned(),
            size: stored.size,
            sha256: stored.sha256,
        })),
        Err(error @ FileError::Storage(_)) => Err(Problem::internal(&error)),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// The kept file that an address or a form names, with the run that has it.
async fn kept(cx: &Cx, ledger: &str, id: &str) -> Result<ImportRun, Problem> {
    let id = Uuid::try_parse(id).map_err(|_| over())?;
    match cx.ledgers().import_run(cx.context(), ledger, id).await {
        Err(LedgerError::NotFound) => Err(over()),
        run => Ok(run?),
    }
}

/// A kept file as a temporary file that the engine can read.
pub(crate) async fn fetch(cx: &Cx, file: &FileRef) -> Result<NamedTempFile, Problem> {
    let mut content = Box::pin(cx.city().files.get(&file.sha256).await.map_err(|_| over())?);
    // The ending of the name is kept, since it says what the file is.
    let ending = file.name.rsplit_once('.').map_or_else(String::new, |(_, ending)| format!(".{ending}"));
    let temporary = tempfile::Builder::new().suffix(&ending).tempfile().map_err(|error| Problem::internal(&error))?;
    let reopened = temporary.reopen().map_err(|error| Problem::internal(&error))?;
    let mut writer = tokio::fs::File::from_std(reopened);
    while let Some(chunk) = futures::StreamExt::next(&mut content).await {
        let chunk = chunk.map_err(|error| Problem::internal(&error))?;
        writer.write_all(&chunk).await.map_err(|error| Problem::internal(&error))?;
    }
    writer.flush().await.map_err(|error| Problem::internal(&error))?;
    Ok(temporary)
}

fn over() -> Problem {
    let detail = "時間がたったため、選んだファイルを使えなくなりました。何も取り込まれていません。もう一度ファイルを選んでください。";
    Problem::new(StatusCode::CONFLICT, "file-gone", "ファイルを選び直してください", detail)
}

async fn page(cx: &Cx, opened: &Opened, mistake: Option<String>) -> Result<Response, Problem> {
    let limit = cx.desk().settings().upload_limit;
    let kind = Control::Files { existing: Vec::new(), accept: ACCEPT.to_owned(), max_bytes: limit };
    let field = FieldView::new("file", "取り込むファイル", kind)
        .hint("CSV（UTF-8・Shift_JIS）、タブ区切り、Excel（xlsx・xls）、ODS、Access（mdb・accdb）を読めます。結合したセルや二段の見出し、「〃」も読みます。地図のファイルは、GeoJSON、Shapefile（.shp・.dbf・.prjなどをまとめたzip）、GeoPackage、KML、GPXを読めます。")
        .required();
    let field = mistake.into_iter().fold(field, FieldView::error);
    let fields = [field].into_iter().chain(more_fields(cx, opened, limit).await?).collect();
    let form = Form::new(Lang::Ja, opened.at("import")).fields(fields).submit("次へ").cancel(opened.href()).plain();
    let mistaken = form.has_mistakes();
    let mut body = steps(Lang::Ja, &STEPS, 0);
    body.push(&form.html());
    body.push(&LinkButton::new("1件1枚の様式（Excel）を登録する", opened.at("import/forms")).html());
    cx.ledgers().recover_imports(cx.context().act.at).await?;
    let broken = cx.ledgers().broken_imports(cx.context(), opened.key()).await?;
    let batches = cx.ledgers().batches(cx.context(), opened.key()).await?;
    if !batches.is_empty() {
        body.push(&section("最近の取込みと一括変更", &batches::table(opened, &batches)));
    }
    let site = cx.desk_site("ledgers");
    let lead = "まず試しに読み、間違いのある行を確かめてから取り込みます。取り込んだあとでも、まとめて取り消せます。";
    let page = opened.page(&site, "ファイルから取り込む").lead(lead).body(body);
    let page = broken.iter().map(|run| cleared(opened, run)).fold(page, Page::notice);
    if mistaken {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response());
    }
    Ok(Html(page.render()).into_response())
}

/// The form to read by, where one was saved, and the photographs, where the ledger keeps files.
async fn more_fields(cx: &Cx, opened: &Opened, limit: u64) -> Result<Vec<FieldView>, Problem> {
    let mut fields = Vec::new();
    let forms = cx.ledgers().form_mappings(cx.context(), opened.key()).await?;
    if !forms.is_empty() {
        let choices = forms.iter().map(|form| Choice::new(form.name.clone(), form.name.clone())).collect();
        let hint =
            "1件1枚の様式なら、その様式を選び、ファイルをまとめたZIPを上の欄で選んでください。一覧の表なら選びません。";
        fields.push(FieldView::new("form", "様式", Control::Choice { choices }).hint(hint));
    }
    if photos::fields(opened).next().is_some() {
        let kind = Control::Files { existing: Vec::new(), accept: ".zip".to_owned(), max_bytes: limit };
        let hint = "ファイル名に番号などが入った写真（例 123-1.jpg）をZIPにまとめると、その記録に付けられます。";
        fields.push(FieldView::new("photos", "写真のZIP（あれば）", kind).hint(hint));
    }
    Ok(fields)
}

/// Says that an import was broken off, and leads to where it can be begun anew.
fn cleared(opened: &Opened, run: &ImportRun) -> Notice {
    let text = "サーバーが途中で止まったため、書きかけのものをすべて片付けました。何も取り込まれていません。";
    Notice::new(Tone::Warning, format!("「{}」の取込みは途中で止まりました", run.file.name))
        .text(text)
        .more(LinkButton::new("もう一度取り込む", opened.at(&format!("import/runs/{}", run.id))).html())
}
