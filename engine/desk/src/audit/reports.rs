//! The reports that are narrowed by period, department, person and ledger.

use axum::response::Response;
use kawasemi_identity::AccessRow;
use kawasemi_identity::access_log::Manner;
use kawasemi_oversight::reports::entries::SHOWN;
use kawasemi_oversight::reports::mass::Many;
use kawasemi_oversight::totals::account_of;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::Align;

use super::asked::Asked;
use super::people::{People, fields, ledger};
use super::sheet::{Cell, Sheet};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{address, when};

const MONTHLY: &str = "/desk/audit/monthly";
const MASS: &str = "/desk/audit/mass";
const EXPORTS: &str = "/desk/audit/exports";
const CLOSE: &str = "/desk/audit/close";
const AFTER_HOURS: &str = "/desk/audit/after-hours";

/// The manners that the monthly report counts one by one.
const COUNTED: [(Manner, &str); 6] = [
    (Manner::Read, "閲覧"),
    (Manner::List, "一覧"),
    (Manner::Search, "検索"),
    (Manner::Print, "印刷"),
    (Manner::Export, "書出し"),
    (Manner::File, "添付"),
];

/// `GET /desk/audit/monthly`: per department and ledger.
pub async fn monthly(cx: Cx) -> Result<Response, Problem> {
    let asked = Asked::of(&cx, &[]).await?;
    let lines = match asked.is_mistaken() {
        true => Vec::new(),
        false => cx.city().oversight.by_department(cx.context(), asked.period, &asked.narrowing).await?,
    };
    let people = People::load(&cx, [], lines.iter().filter_map(|line| line.department)).await?;
    let mut columns = vec![
        ("department", "部署", Align::Tight),
        ("ledger", "台帳", Align::Text),
        ("accounts", "見た職員", Align::Number),
        ("entries", "件数", Align::Number),
        ("records", "延べ記録", Align::Number),
        ("persons", "延べ人数", Align::Number),
        ("after", "時間外", Align::Number),
    ];
    columns.extend(COUNTED.map(|(manner, label)| (manner.key(), label, Align::Number)));
    let mut rows: Vec<Vec<Cell>> = lines
        .iter()
        .map(|line| {
            let numbers = [line.accounts, line.entries, line.records, line.persons, line.after_hours];
            let counted = COUNTED.map(|(manner, _)| line.manners.get(&manner).copied().unwrap_or_default());
            let mut row: Vec<Cell> = vec![people.department(line.department).into(), ledger(&cx, &line.ledger).into()];
            row.extend(numbers.into_iter().chain(counted).map(|number| number.to_string().into()));
            row
        })
        .collect();
    if lines.len() > 1 {
        let sum = |of: fn(&kawasemi_oversight::reports::monthly::Line) -> i64| -> i64 { lines.iter().map(of).sum() };
        let mut total: Vec<Cell> = vec!["合計".into(), "".into(), "".into()];
        let sums = [sum(|l| l.entries), sum(|l| l.records), sum(|l| l.persons), sum(|l| l.after_hours)];
        total.extend(sums.map(|number| number.to_string().into()));
        total.extend(COUNTED.map(|(manner, _)| {
            let all: i64 = lines.iter().filter_map(|line| line.manners.get(&manner)).sum();
            all.to_string().into()
        }));
        rows.push(total);
    }
    let sheet = Sheet {
        title: "部署別の個人情報アクセス件数",
        lead: asked.said(),
        columns,
        rows,
        none: "この期間の記録はありません",
        remark: "件数は要求の数です。延べ記録は答えに含まれた記録の数、延べ人数は職員と日ごとに同じ記録を1と数えた数です。\
                 部署は見たときの主務です。",
        notice: None,
    };
    Ok(sheet.answer(&cx, asked.form(&cx, MONTHLY).await?, &asked.csv(MONTHLY)))
}

/// `GET /desk/audit/mass`: days with many.
pub async fn mass(cx: Cx) -> Result<Response, Problem> {
    let further = [
        ("per_day", "1日に見た人数がこの数以上で", "100"),
        ("times", "いつもの何倍以上か", "3"),
        ("per_hour", "または1時間にこの数以上", "100"),
    ];
    let mut asked = Asked::of(&cx, &further).await?;
    let (per_day, times_usual, per_hour) = (asked.number("per_day"), asked.number("times"), asked.number("per_hour"));
    let many = Many { per_day, times_usual, per_hour };
    let found = match asked.is_mistaken() {
        true => Vec::new(),
        false => cx.city().oversight.mass_reads(cx.context(), asked.period, &asked.narrowing, many).await?,
    };
    let people = People::load(&cx, found.iter().map(|read| read.account), []).await?;
    let rows = found.iter().map(|read| {
        let day = read.day.to_string();
        let entries = address("/desk/audit/entries", &[("account", &read.account.to_string()), ("day", &day)]);
        vec![
            Cell::link(kawasemi_kernel::era::short(read.day), entries),
            people.account(read.account).into(),
            read.persons.to_string().into(),
            if read.usual == 0 { "記録なし".into() } else { read.usual.to_string().into() },
            format!("{}時台", read.busiest.0).into(),
            read.busiest.1.to_string().into(),
        ]
    });
    let sheet = Sheet {
        title: "大量閲覧",
        lead: asked.said(),
        columns: vec![
            ("day", "日", Align::Tight),
            ("account", "見た人", Align::Tight),
            ("persons", "見た人数", Align::Number),
            ("usual", "いつもの人数", Align::Number),
            ("hour", "最も多い時間", Align::Tight),
            ("busiest", "その人数", Align::Number),
        ],
        rows: rows.collect(),
        none: "条件に当てはまる日はありません",
        remark: "「いつもの人数」は、その人が個人情報を見た、前の60日間の日ごとの人数の中央値です。窓口のように多いことが当たり前の\
                 仕事と、そうでない仕事を分けて見るためです。",
        notice: None,
    };
    Ok(sheet.answer(&cx, asked.form(&cx, MASS).await?, &asked.csv(MASS)))
}

/// `GET /desk/audit/exports`: what left the screen.
pub async fn exports(cx: Cx) -> Result<Response, Problem> {
    let mut asked = Asked::of(&cx, &[("at_least", "一度に出した記録がこの数以上", "50")]).await?;
    let at_least = usize::try_from(asked.number("at_least")).unwrap_or(1);
    let (found, more) = match asked.is_mistaken() {
        true => (Vec::new(), false),
        false => cx.city().oversight.taken_out(cx.context(), asked.period, &asked.narrowing, at_least).await?,
    };
    let departments = found.iter().filter_map(|taken| taken.department);
    let people = People::load(&cx, found.iter().map(|taken| taken.account), departments).await?;
    let rows = found.iter().map(|taken| {
        vec![
            when(taken.at).into(),
            people.account(taken.account).into(),
            people.department(taken.department).into(),
            ledger(&cx, &taken.ledger).into(),
            taken.manner.label().into(),
            taken.records.to_string().into(),
            fields(&cx, &taken.ledger, &taken.fields).into(),
            taken.purpose.clone().into(),
            taken.address.clone().into(),
            taken.request.clone().into(),
        ]
    });
    let sheet = Sheet {
        title: "まとめての書出し・印刷",
        lead: asked.said(),
        columns: vec![
            ("at", "日時", Align::Tight),
            ("account", "出した人", Align::Tight),
            ("department", "部署", Align::Tight),
            ("ledger", "台帳", Align::Text),
            ("manner", "方法", Align::Tight),
            ("records", "記録", Align::Number),
            ("fields", "個人情報の項目", Align::Text),
            ("purpose", "理由", Align::Text),
            ("address", "端末", Align::Tight),
            ("request", "受付番号", Align::Tight),
        ],
        rows: rows.collect(),
        none: "条件に当てはまる書出し・印刷はありません",
        remark: "個人情報の項目を含むものだけが載ります。",
        notice: too_many(more),
    };
    Ok(sheet.answer(&cx, asked.form(&cx, EXPORTS).await?, &asked.csv(EXPORTS)))
}

/// `GET /desk/audit/close`: oneself, one's household, one's colleagues.
pub async fn close(cx: Cx) -> Result<Response, Problem> {
    let asked = Asked::of(&cx, &[]).await?;
    let found = match asked.is_mistaken() {
        true => Vec::new(),
        false => cx.city().oversight.close_looks(cx.context(), asked.period, &asked.narrowing).await?,
    };
    let people = People::load(&cx, found.iter().map(|look| look.seen.account), []).await?;
    let rows = found.iter().map(|look| {
        let seen = &look.seen;
        let (record, day) = (seen.record.to_string(), seen.day.to_string());
        let asked = address("/desk/audit/seen", &[("ledger", &seen.ledger), ("record", &record), ("from", &day)]);
        vec![
            when(seen.last_at).into(),
            people.account(seen.account).into(),
            look.close.kin.label().into(),
            look.close.because.into(),
            ledger(&cx, &seen.ledger).into(),
            Cell::link(short(&record), asked),
            seen.looks.to_string().into(),
            manners(&seen.manners).into(),
        ]
    });
    let sheet = Sheet {
        title: "本人・同じ世帯・同僚の閲覧",
        lead: asked.said(),
        columns: vec![
            ("at", "最後に見た日時", Align::Tight),
            ("account", "見た人", Align::Tight),
            ("kin", "関係", Align::Tight),
            ("because", "関係の根拠", Align::Text),
            ("ledger", "台帳", Align::Text),
            ("record", "記録", Align::Tight),
            ("looks", "回数", Align::Number),
            ("manners", "方法", Align::Text),
        ],
        rows: rows.collect(),
        none: "条件に当てはまる閲覧はありません",
        remark: "載っていることは不正を意味しません。業務で必要だったかを本人と上司に確かめてください。関係は、職員台帳と、本人の\
                 項目（subject）を定めた台帳の今の内容から分かる範囲です。",
        notice: None,
    };
    Ok(sheet.answer(&cx, asked.form(&cx, CLOSE).await?, &asked.csv(CLOSE)))
}

/// `GET /desk/audit/after-hours`
pub async fn after_hours(cx: Cx) -> Result<Response, Problem> {
    let asked = Asked::of(&cx, &[]).await?;
    let (found, more) = match asked.is_mistaken() {
        true => (Vec::new(), false),
        false => cx.city().oversight.after_hours(cx.context(), asked.period, &asked.narrowing).await?,
    };
    let sheet = Sheet {
        title: "執務時間外の閲覧",
        lead: asked.said(),
        columns: ENTRY_COLUMNS.to_vec(),
        rows: entry_rows(&cx, &found).await?,
        none: "執務時間外の閲覧はありません",
        remark: "開庁日の執務時間（設定 audit.open から audit.close まで）の外と、閉庁日の閲覧です。",
        notice: too_many(more),
    };
    Ok(sheet.answer(&cx, asked.form(&cx, AFTER_HOURS).await?, &asked.csv(AFTER_HOURS)))
}

/// The columns of single entries.
pub(super) const ENTRY_COLUMNS: [(&str, &str, Align); 10] = [
    ("at", "日時", Align::Tight),
    ("account", "見た人", Align::Tight),
    ("department", "部署", Align::Tight),
    ("ledger", "台帳", Align::Text),
    ("manner", "方法", Align::Tight),
    ("records", "記録", Align::Number),
    ("fields", "個人情報の項目", Align::Text),
    ("purpose", "理由", Align::Text),
    ("address", "端末", Align::Tight),
    ("request", "受付番号", Align::Tight),
];

/// Single entries as rows of these columns.
pub(super) async fn entry_rows(cx: &Cx, entries: &[AccessRow]) -> Result<Vec<Vec<Cell>>, Problem> {
    let departments = entries.iter().filter_map(|entry| entry.department);
    let people = People::load(cx, entries.iter().map(|entry| account_of(&entry.actor)), departments).await?;
    let row = |row: &AccessRow| {
        let entry = &row.entry;
        vec![
            when(row.at).into(),
            people.actor(&row.actor).into(),
            people.department(row.department).into(),
            ledger(cx, &entry.ledger).into(),
            entry.manner.label().into(),
            entry.records.len().to_string().into(),
            fields(cx, &entry.ledger, &entry.fields).into(),
            row.purpose.clone().into(),
            row.address.clone().into(),
            row.request.clone().unwrap_or_default().into(),
        ]
    };
    Ok(entries.iter().map(row).collect())
}

/// The end of a record's id, by which it is told from others.
pub(super) fn short(record: &str) -> String {
    format!("…{}", record.get(record.len().saturating_sub(8)..).unwrap_or(record))
}

/// Manners in words.
pub(super) fn manners(manners: &[Manner]) -> String {
    manners.iter().map(|manner| manner.label()).collect::<Vec<_>>().join("、")
}

fn too_many(more: bool) -> Option<Notice> {
    more.then(|| {
        Notice::new(Tone::Warning, format!("新しいものから{SHOWN}件を見ています"))
            .text("すべてを見るには、期間か部署を絞ってください。")
    })
}
