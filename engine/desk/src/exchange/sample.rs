//! A layout made in the browser from a sample file: choose the file, say what its columns are, try it, publish it.
//!
//! Works without JavaScript: the cuts of fixed-width records are a line of widths under a ruler.

use std::path::PathBuf;

use axum::response::{IntoResponse, Response};
use kawasemi_exchange::guess::{Choice as Chosen, Framing, Guess, Head, KINDS, Told, guess, key_of, kind_of};
use kawasemi_exchange::intake::Wish;
use kawasemi_exchange::{ExchangeError, Format};
use kawasemi_kernel::Lang;
use kawasemi_schema::{Action, FieldKind as Kind, LedgerDef};
use kawasemi_ui::button::{Look, Submit, row};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::steps::steps;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::{PATH, layout_href, page, site};
use crate::problem::Problem;
use crate::request::{Cx, Entries, Uploads};
use crate::view::{answer, done_at, note, section};

const STEPS: [&str; 3] = ["見本のファイル", "項目の対応", "試して公開"];

/// `GET /desk/exchange/sample`
pub async fn ask(cx: Cx) -> Result<Response, Problem> {
    let options: SafeHtml = cx
        .ledgers()
        .visible(cx.context())?
        .iter()
        .filter(|def| !def.unique.is_empty() && may_import(&cx, &def.key))
        .map(|def| option(&def.key, def.title.ja(), false))
        .collect();
    let site = site(&cx);
    if options.is_empty() {
        let notice = Notice::new(Tone::Warning, "取り込める台帳がありません")
            .text("台帳に取込の権限と、重複を許さない項目（番号など）が要ります。台帳の担当課に相談してください。");
        return Ok(answer(page(&site, "見本からレイアウトを作る").notice(notice).body(SafeHtml::EMPTY), false));
    }
    let mut body = steps(Lang::Ja, &STEPS, 0);
    let submit = Submit::new("次へ").look(Look::Primary).html();
    body.push(&SafeHtml::trusted(format!(
        "<form class=\"form\" method=\"post\" enctype=\"multipart/form-data\" action=\"{PATH}/sample\">\
         <div class=\"field\"><label class=\"field-label\" for=\"f-ledger\">どの台帳に入れるか</label>\
         <select class=\"input\" id=\"f-ledger\" name=\"ledger\">{options}</select></div>\
         <div class=\"field\"><label class=\"field-label\" for=\"f-file\">見本のファイル</label>\
         <input class=\"input\" type=\"file\" id=\"f-file\" name=\"file\" required></div>\
         <div class=\"button-row\">{submit}</div></form>"
    )));
    body.push(&note("CSV か、行ごとに改行した固定長のファイルです。文字コードは自動で見分けます。"));
    let page = page(&site, "見本からレイアウトを作る")
        .lead("相手のシステムのファイルから、読み方（連携レイアウト）を作ります。");
    Ok(answer(page.body(body), false))
}

fn may_import(cx: &Cx, ledger: &str) -> bool {
    cx.ledgers().open(cx.context(), ledger).is_ok_and(|(_, access)| access.may(Action::Import))
}

/// `POST /desk/exchange/sample`
pub async fn upload(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    let Some(file) = uploads.file("file").filter(|file| !file.name.is_empty()) else {
        return Err(Problem::bad_request("ファイルを選んでから送ってください。"));
    };
    let sha256 = cx.city().exchange.keep_sample(cx.context(), file.file.path()).await?;
    let told = told(&cx, None, false);
    let looked = look(file.file.path().to_owned(), told).await.map_err(Problem::bad_request)?;
    let ledger = uploads.entries.text("ledger").to_owned();
    let (def, _) = cx.ledgers().open(cx.context(), &ledger)?;
    let choices = looked.columns.iter().map(|column| Chosen {
        name: column.name.clone(),
        to: meant(&def, &column.name),
        kind: column.kind,
    });
    let title = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem).to_owned();
    let typed = Typed {
        sha256,
        ledger,
        title,
        key: String::new(),
        find: String::new(),
        close: String::new(),
        is_plain: false,
        choices: choices.collect(),
    };
    Ok(render(&cx, &def, &looked, &typed, None))
}

/// What stands in the form.
struct Typed {
    sha256: String,
    ledger: String,
    title: String,
    key: String,
    find: String,
    /// The field that closes a record, where files hold everything.
    close: String,
    /// Whether the first and the last row are said to be data as well.
    is_plain: bool,
    choices: Vec<Chosen>,
}

impl Typed {
    fn of(entries: &Entries, columns: usize) -> Self {
        let text = |name: &str| entries.text(name).trim().to_owned();
        let choices = (0..columns).map(|n| Chosen {
            name: text(&format!("name{n}")),
            to: text(&format!("to{n}")),
            kind: kind_of(&text(&format!("kind{n}"))),
        });
        Self {
            sha256: text("sample"),
            ledger: text("ledger"),
            title: text("title"),
            key: text("key"),
            find: text("find"),
            close: text("close"),
            is_plain: entries.has("is_plain"),
            choices: choices.collect(),
        }
    }
}

fn told(cx: &Cx, widths: Option<Vec<usize>>, is_plain: bool) -> Told {
    Told { widths, is_plain, city: cx.ledgers().city().code().to_owned() }
}

async fn look(path: PathBuf, told: Told) -> Result<Guess, String> {
    let looked = tokio::task::spawn_blocking(move || guess(&path, &told)).await;
    looked.unwrap_or_else(|_| Err("ファイルを読み込めませんでした。".to_owned()))
}

/// `POST /desk/exchange/sample/fields`: cuts anew, tries, or publishes.
pub async fn fields(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    let exchange = &cx.city().exchange;
    let sample = exchange.sample(cx.context(), entries.text("sample")).await?;
    let (def, _) = cx.ledgers().open(cx.context(), entries.text("ledger"))?;
    let told = told(&cx, widths(entries.text("widths")), entries.has("is_plain"));
    let looked = match look(sample.path().to_owned(), told).await {
        Ok(looked) => looked,
        Err(said) => return Err(Problem::bad_request(said)),
    };
    let mut typed = Typed::of(&entries, looked.columns.len());
    if entries.text("act") == "cut" {
        // The columns are others now; what stood in the form belonged to the old ones.
        for (choice, column) in typed.choices.iter_mut().zip(&looked.columns) {
            *choice = Chosen { name: column.name.clone(), to: meant(&def, &column.name), kind: column.kind };
        }
        return Ok(render(&cx, &def, &looked, &typed, None));
    }
    let version = exchange.next_version(&typed.key).await?;
    let head = Head {
        key: typed.key.clone(),
        version,
        title: typed.title.clone(),
        ledger: typed.ledger.clone(),
        find: typed.find.clone(),
        close: Some(typed.close.clone()).filter(|key| !key.is_empty()).map(|key| (key, "@file-date".to_owned())),
    };
    let toml = looked.to_toml(&head, &typed.choices);
    let layout = match exchange.check_layout(cx.context(), &toml) {
        Ok(layout) => layout,
        Err(error) => return Ok(render(&cx, &def, &looked, &typed, Some(mistaken(&error)))),
    };
    let tried = exchange.receive_by(cx.context(), &layout, sample.path(), "見本", Wish::DryRun, &|_| {}).await;
    let tried = match tried {
        Ok(tried) => tried,
        Err(error) => return Ok(render(&cx, &def, &looked, &typed, Some(mistaken(&error)))),
    };
    if entries.text("act") == "publish" && tried.run.message.is_empty() {
        exchange.publish_layout(&cx.because("見本から作った"), &toml).await?;
        return Ok(done_at(&layout_href(&typed.key), "published"));
    }
    let report = &tried.run.report;
    let notice = match tried.run.message.as_str() {
        "" => Notice::new(Tone::Success, "見本を試しました（台帳は変えていません）").text(format!(
            "{}行: 追加 {}、変更 {}、変わらない {}、誤り {}。よければ公開してください。",
            tried.run.rows, report.created, report.updated, report.unchanged, report.bad
        )),
        said => Notice::new(Tone::Error, "このままでは読めません").text(said),
    };
    let first = tried.bad.iter().take(5).flat_map(|row| row.problems.iter().map(move |problem| (row.line, problem)));
    let items: SafeHtml = first
        .map(|(line, problem)| {
            let text = format!("{line}行目「{}」: {}", problem.field, problem.reason);
            SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::escape(text)))
        })
        .collect();
    let notice = if items.is_empty() { notice } else { notice.more(SafeHtml::trusted(format!("<ul>{items}</ul>"))) };
    Ok(render(&cx, &def, &looked, &typed, Some(notice)))
}

fn mistaken(error: &ExchangeError) -> Notice {
    Notice::new(Tone::Error, "レイアウトに直すところがあります").text(error.to_string())
}

fn widths(text: &str) -> Option<Vec<usize>> {
    let widths: Vec<usize> = text.split([',', '、', ' ', '　']).filter_map(|part| part.trim().parse().ok()).collect();
    (!widths.is_empty()).then_some(widths)
}

/// The field that a heading means.
fn meant(def: &LedgerDef, heading: &str) -> String {
    let folded = kawasemi_kernel::text::fold(heading);
    let is_it = |text: &str| kawasemi_kernel::text::fold(text) == folded;
    targets(def).into_iter().find(|(key, label)| is_it(label) || is_it(key)).map(|(key, _)| key).unwrap_or_default()
}

/// Where a column may go.
fn targets(def: &LedgerDef) -> Vec<(String, String)> {
    let mut targets = Vec::new();
    for field in &def.fields {
        let label = field.label.ja();
        match field.kind {
            Kind::Computed { .. } | Kind::Files { .. } | Kind::Rows { .. } => continue,
            Kind::PersonName => {
                targets.push((field.key.clone(), label.to_owned()));
                targets.push((format!("{}.kana", field.key), format!("{label}カナ")));
            }
            _ => targets.push((field.key.clone(), label.to_owned())),
        }
    }
    targets
}

fn option(value: &str, label: &str, selected: bool) -> SafeHtml {
    let (value, label) = (SafeHtml::escape(value), SafeHtml::escape(label));
    SafeHtml::trusted(format!("<option value=\"{value}\"{}>{label}</option>", if selected { " selected" } else { "" }))
}

fn line(name: &str, label: &str, value: &str, hint: &str) -> SafeHtml {
    let (value, hint) = (SafeHtml::escape(value), SafeHtml::escape(hint));
    SafeHtml::trusted(format!(
        "<div class=\"field\"><label class=\"field-label\" for=\"f-{name}\">{label}</label>\
         <p class=\"field-hint\">{hint}</p><input class=\"input\" id=\"f-{name}\" name=\"{name}\" value=\"{value}\"></div>"
    ))
}

fn render(cx: &Cx, def: &LedgerDef, looked: &Guess, typed: &Typed, notice: Option<Notice>) -> Response {
    let is_mistaken = notice.as_ref().is_some_and(|notice| notice.html().as_str().contains("直すところ"));
    let mut inside = SafeHtml::EMPTY;
    for (name, value) in [("sample", &typed.sha256), ("ledger", &typed.ledger)] {
        let value = SafeHtml::escape(value);
        inside.push(&SafeHtml::trusted(format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")));
    }
    inside.push(&line("title", "レイアウトの名前", &typed.title, "例 住民記録 日次差分"));
    inside.push(&line(
        "key",
        "キー",
        &typed.key,
        "英小文字とハイフン。取り込むフォルダーの名前にもなります（例 resident-difference）",
    ));
    let find = def.unique.iter().filter(|key| key.len() == 1).map(|key| {
        let label = def.field(&key[0]).map_or(key[0].as_str(), |field| field.label.ja());
        option(&key[0], label, key[0] == typed.find)
    });
    inside.push(&select("find", "記録を見つける項目", &find.collect()));
    let dates = def.fields.iter().filter(|field| matches!(field.kind, Kind::Date));
    let close =
        std::iter::once(option("", "変わった分だけ（差分）", typed.close.is_empty())).chain(dates.map(|field| {
            option(
                &field.key,
                &format!("全件。ない記録の「{}」に日付を入れる", field.label.ja()),
                field.key == typed.close,
            )
        }));
    inside.push(&select("close", "ファイルに入っているもの", &close.collect()));
    if looked.format == Format::Fixed {
        inside.push(&section("切る位置", &ruler(looked)));
    }
    if looked.frame.is_some() || typed.is_plain {
        inside.push(&section("最初と最後の行", &frame(looked, typed.is_plain)));
    }
    inside.push(&section("項目の対応", &columns(def, looked, typed)));
    inside.push(&row([
        Submit::new("見本で試す").look(Look::Primary).sends("act", "try").html(),
        Submit::new("公開する").sends("act", "publish").icon(Icon::Check).html(),
    ]));
    let mut body = steps(Lang::Ja, &STEPS, if notice.is_some() { 2 } else { 1 });
    body.push(&SafeHtml::trusted(format!(
        "<form class=\"form\" method=\"post\" action=\"{PATH}/sample/fields\">{inside}</form>"
    )));
    let site = site(cx);
    let what = match looked.format {
        Format::Fixed => format!("固定長（{}バイト）、文字コード {}", looked.record_length, looked.encoding),
        _ => format!(
            "CSV（区切り {}）、文字コード {}",
            if looked.delimiter == '\t' { "タブ".to_owned() } else { looked.delimiter.to_string() },
            looked.encoding
        ),
    };
    let mut page = page(&site, "見本からレイアウトを作る")
        .lead(format!("{}に入れるファイルです。{what}。", def.title.ja()))
        .body(body);
    if let Some(notice) = notice {
        page = page.notice(notice);
    }
    answer(page, is_mistaken).into_response()
}

fn select(name: &str, label: &str, options: &SafeHtml) -> SafeHtml {
    SafeHtml::trusted(format!(
        "<div class=\"field\"><label class=\"field-label\" for=\"f-{name}\">{label}</label>\
         <select class=\"input\" id=\"f-{name}\" name=\"{name}\">{options}</select></div>"
    ))
}

/// The first records under a ruler of bytes, and the widths.
fn ruler(looked: &Guess) -> SafeHtml {
    let tens: String = (1..=looked.record_length / 10).map(|ten| format!("{:>10}", ten * 10)).collect();
    let ticks = "····5····|".repeat(looked.record_length / 10 + 1);
    let lines: Vec<String> = looked.lines.iter().map(|line| SafeHtml::escape(line).into_string()).collect();
    let widths: Vec<String> = looked.columns.iter().map(|column| column.length.to_string()).collect();
    let mut html = SafeHtml::trusted(format!(
        "<pre tabindex=\"0\" aria-label=\"見本の先頭と目盛り\">{tens}\n{ticks}\n{}</pre>",
        lines.join("\n")
    ));
    html.push(&line(
        "widths",
        "各項目のバイト数",
        &widths.join(", "),
        "左から順に、半角は1、全角は2と数えて、カンマで区切ります",
    ));
    html.push(&row([Submit::new("この幅で切り直す").sends("act", "cut").html()]));
    html
}

/// What was made of the first and the last row, and a way to say that it is wrong.
fn frame(looked: &Guess, is_plain: bool) -> SafeHtml {
    let said = |name: &str, framing: &Option<Framing>| {
        let framing = framing.as_ref()?;
        let found: Vec<&str> = framing.found.iter().map(|found| found.name).collect();
        let holds = if found.is_empty() { String::new() } else { format!("（{}）", found.join("、")) };
        Some(format!("{name}{holds}"))
    };
    let text = looked.frame.as_ref().map_or_else(
        || "最初と最後の行も、ほかと同じデータとして読みます。".to_owned(),
        |frame| {
            let parts = [said("最初の行はヘッダー", &frame.header), said("最後の行はトレーラー", &frame.trailer)]
                .into_iter()
                .flatten();
            let parts = parts.collect::<Vec<_>>().join("、");
            format!("{parts}とみて、データの行だけを下に並べています。（ ）の項目は、取り込むたびに確かめます。")
        },
    );
    let mut html = note(&text);
    let checked = if is_plain { " checked" } else { "" };
    html.push(&SafeHtml::trusted(format!(
        "<label class=\"option\"><input type=\"checkbox\" name=\"is_plain\"{checked}> \
         <span>最初と最後の行もデータとして読む</span></label>"
    )));
    html.push(&row([Submit::new("読み直す").sends("act", "cut").html()]));
    html
}

fn columns(def: &LedgerDef, looked: &Guess, typed: &Typed) -> SafeHtml {
    let targets = targets(def);
    let rows: SafeHtml = looked
        .columns
        .iter()
        .zip(&typed.choices)
        .enumerate()
        .map(|(n, (column, choice))| {
            let to: SafeHtml = std::iter::once(option("", "取り込まない", choice.to.is_empty()))
                .chain(targets.iter().map(|(key, label)| option(key, label, *key == choice.to)))
                .collect();
            let kind: SafeHtml =
                KINDS.iter().map(|(key, label, _)| option(key, label, *key == key_of(choice.kind))).collect();
            let (name, samples) = (SafeHtml::escape(&choice.name), SafeHtml::or_dash(&column.samples.join("、")));
            SafeHtml::trusted(format!(
                "<tr><th scope=\"row\"><input class=\"input\" name=\"name{n}\" value=\"{name}\" aria-label=\"{}番目の名前\"></th>\
                 <td>{samples}</td>\
                 <td><select class=\"input\" name=\"to{n}\" aria-label=\"{name}の入れ先\">{to}</select></td>\
                 <td><select class=\"input\" name=\"kind{n}\" aria-label=\"{name}の種類\">{kind}</select></td></tr>",
                n + 1
            ))
        })
        .collect();
    SafeHtml::trusted(format!(
        "<div class=\"table-frame\" tabindex=\"0\" role=\"region\" aria-label=\"項目の対応\"><table class=\"table\">\
         <caption class=\"visually-hidden\">項目の対応</caption>\
         <thead><tr><th scope=\"col\">相手の項目</th><th scope=\"col\">値の例</th><th scope=\"col\">台帳の項目</th>\
         <th scope=\"col\">種類</th></tr></thead><tbody>{rows}</tbody></table></div>"
    ))
}
