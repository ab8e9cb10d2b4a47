//! Bringing a file of rows into a ledger (取込み): upload, say where columns go, try, run; and take it back.
//!
//! The file is stored when it arrives, and every further step names the row that remembers it ([`kawasemi_ledger::import`]),
//! so that any node can go on with it. Trying and running go on in the background ([`runs`]), so that a page never waits for
//! a large file; they show how far they are. What an import left that was broken off is cleared away, and said, as soon as
//! somebody looks.

mod map;
mod report;
mod runs;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use kawasemi_kernel::{FileRef, Lang};
use kawasemi_ledger::LedgerError;
use kawasemi_ledger::import::ImportRun;
use kawasemi_schema::Action;
use kawasemi_store::files::FileError;
use kawasemi_ui::Component;
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::field::{FieldKind as Control, FieldView};
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
const ACCEPT: &str = ".csv,.tsv,.txt,.xlsx,.xls,.ods";

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .route("/desk/ledgers/{ledger}/import", get(ask).post(upload))
        .route("/desk/ledgers/{ledger}/import/map", get(map::show))
        .route("/desk/ledgers/{ledger}/import/run", post(runs::start))
        .route("/desk/ledgers/{ledger}/import/runs/{run}", get(runs::show))
        .route("/desk/ledgers/{ledger}/import/runs/{run}/problems.csv", get(report::problems))
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
    // Looked at before it is stored, so that what can't be read is said at once.
    if let Err(error) = cx.ledgers().look_at_file(cx.context(), &ledger, upload.file.path(), &Default::default()).await
    {
        return page(&cx, &opened, Some(format!("{}：{error}", upload.name))).await;
    }
    match store(&cx, upload).await? {
        Ok(file) => {
            let kept = cx.ledgers().keep_import_file(cx.context(), &ledger, &file).await?;
            Ok(Redirect::to(&map::address(&opened, kept)).into_response())
        }
        Err(refusal) => page(&cx, &opened, Some(format!("{}：{refusal}", upload.name))).await,
    }
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
        .hint("CSV（UTF-8・Shift_JIS）、タブ区切り、Excel（xlsx・xls）、ODSを読めます。1行目付近の見出しから列を推測します。")
        .required();
    let field = mistake.into_iter().fold(field, FieldView::error);
    let form =
        Form::new(Lang::Ja, opened.at("import")).fields(vec![field]).submit("次へ").cancel(opened.href()).plain();
    let mistaken = form.has_mistakes();
    let mut body = steps(Lang::Ja, &STEPS, 0);
    body.push(&form.html());
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

/// Says that an import was broken off, and leads to where it can be begun anew.
fn cleared(opened: &Opened, run: &ImportRun) -> Notice {
    let text = "サーバーが途中で止まったため、書きかけのものをすべて片付けました。何も取り込まれていません。";
    Notice::new(Tone::Warning, format!("「{}」の取込みは途中で止まりました", run.file.name))
        .text(text)
        .more(LinkButton::new("もう一度取り込む", opened.at(&format!("import/runs/{}", run.id))).html())
}
