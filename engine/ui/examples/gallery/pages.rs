//! The pages of the gallery. Their own words are Japanese in every language; the components' words follow the language.

use jiff::civil::date;
use kawasemi_kernel::{Lang, YearMonth};
use kawasemi_ui::button::{Confirm, LinkButton, Look, Post, Submit};
use kawasemi_ui::calendar::MonthCalendar;
use kawasemi_ui::card::{Card, Tile, grid};
use kawasemi_ui::chart::{Bar, BarChart, LineChart, Series, StackedChart, StackedRow, Tone, progress, sparkline};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::diff::{Change, Diff};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::field::{Choice, FieldKind, FieldValue, FieldView, FileItem, RowView};
use kawasemi_ui::form::{Draft, Form};
use kawasemi_ui::list::{
    BulkForm, Count, Facet, FacetValue, Paging, active_filter, column_menu, count, marked, with_facets,
};
use kawasemi_ui::map::{Colours, Layer, MapView, Shape, Source};
use kawasemi_ui::notice::{Empty, Notice, Tone as NoticeTone};
use kawasemi_ui::page::{LanguageLink, NavItem, Page, SearchBox, Site, UserMenu};
use kawasemi_ui::problem::Problem;
use kawasemi_ui::qr::qr_svg;
use kawasemi_ui::steps::{Tab, steps, tabs};
use kawasemi_ui::table::{Align, Column, Row, Sorted, Table};
use kawasemi_ui::timeline::{Entry, Mark, timeline};
use kawasemi_ui::{Component, Icon, SafeHtml, said};
use serde_json::json;

/// Every page: name and HTML.
pub fn all(lang: Lang) -> Vec<(&'static str, String)> {
    vec![
        ("desk", desk(lang)),
        ("list", list(lang)),
        ("empty", empty(lang)),
        ("record", record(lang)),
        ("form", form(lang, false)),
        ("form-mistakes", form(lang, true)),
        ("board", board(lang)),
        ("calendar", calendar(lang)),
        ("map", map(lang)),
        ("sign-in", sign_in(lang)),
        ("problem", problem(lang)),
        ("portal", portal(lang)),
    ]
}

fn staff_site(lang: Lang) -> Site {
    let mut site = Site::desk(lang, "綾瀬市");
    site.nav = vec![
        NavItem::new("ホーム", "desk.html").icon(Icon::Home).shortcut("g h"),
        NavItem::new("台帳", "list.html").icon(Icon::Ledger).current(true).shortcut("g l"),
        NavItem::new("部局運営方針", "board.html").icon(Icon::Board).shortcut("g b"),
        NavItem::new("やること", "desk.html").icon(Icon::Tasks).count(3).shortcut("g t"),
        NavItem::new("管理", "form.html").icon(Icon::Settings),
    ];
    site.search = Some(SearchBox { action: "list.html".into(), value: String::new() });
    site.user = Some(UserMenu {
        name: "緑川 花子".into(),
        note: "都市部 公園緑地課".into(),
        items: vec![NavItem::new("自分の設定", "form.html").icon(Icon::Settings)],
        sign_out_action: "sign-in.html".into(),
    });
    site.languages = languages();
    site.footer = vec![NavItem::new("使い方", "portal.html"), NavItem::new("アクセシビリティ", "portal.html")];
    site.band = Some("これは練習用のまちです。登録されている人や施設は架空のものです。".into());
    site
}

fn languages() -> Vec<LanguageLink> {
    Lang::ALL.into_iter().map(|lang| LanguageLink { lang, href: format!("../{lang}/portal.html") }).collect()
}

fn section(title: &str, body: SafeHtml) -> SafeHtml {
    SafeHtml::trusted(format!(
        "<section class=\"stack-small\"><div class=\"section-heading\"><h2>{}</h2></div>{body}</section>",
        SafeHtml::escape(title)
    ))
}

fn desk(lang: Lang) -> String {
    let site = staff_site(lang);
    let tiles = grid(
        "grid-tiles",
        [
            Tile::new("承認待ち", "3", "件").href("list.html").html(),
            Tile::new("期限が近いもの", "12", "件").below(chip(State::Warning, "今週が期限")).html(),
            Tile::new("今月の受付", "1,284", "件")
                .below(sparkline(&[820.0, 901.0, 1010.0, 980.0, 1190.0, 1284.0], "6か月で820件から1,284件に増えました"))
                .html(),
            Tile::new("執行率", "63.5", "%").html(),
        ],
    );
    let cards = grid(
        "",
        [
            Card::new("公園台帳").href("list.html").icon(Icon::Ledger).note("128件 ・ 2日前に更新").html(),
            Card::new("遊具の点検").href("list.html").icon(Icon::Ledger).note("542件 ・ 今日更新").html(),
            Card::new("道路の通報")
                .icon(Icon::Place)
                .note("対応中 18件")
                .body(progress("今月の対応", 42.0, 60.0, "42／60件", Tone::First))
                .actions(LinkButton::new("地図で見る", "list.html").icon(Icon::Place).html())
                .html(),
        ],
    );
    let notices: SafeHtml = [
        Notice::new(NoticeTone::Success, "保存しました。").html(),
        Notice::new(NoticeTone::Info, "3月29日（日）22時から、点検のため2時間ほど使えません。").html(),
        Notice::new(NoticeTone::Warning, "まだ公開されていない変更があります。")
            .text("内容を確かめて、公開してください。")
            .more(SafeHtml::trusted(format!(
                "<div class=\"button-row\">{}</div>",
                LinkButton::new("変更を確かめる", "record.html").html()
            )))
            .html(),
        Notice::new(NoticeTone::Error, "ファイルを読み込めませんでした。")
            .text("3行目の日付「2026-02-30」は存在しません。")
            .html(),
    ]
    .into_iter()
    .collect();
    let notices = SafeHtml::trusted(format!("<div class=\"stack-small\">{notices}</div>"));
    let chips = [
        (State::Plain, "区分なし"),
        (State::Muted, "未着手"),
        (State::Underway, "進行中"),
        (State::Good, "順調"),
        (State::Warning, "やや遅れ"),
        (State::Bad, "遅れ"),
        (State::Done, "完了"),
    ];
    let chips: SafeHtml = chips.into_iter().map(|(state, label)| chip(state, label)).collect();
    let chips = SafeHtml::trusted(format!("<div class=\"row\">{chips}</div>"));
    let buttons = kawasemi_ui::button::row([
        LinkButton::new("新しく登録する", "form.html").look(Look::Primary).icon(Icon::Add).shortcut("c").html(),
        LinkButton::new("書き出す", "list.html").icon(Icon::Download).html(),
        LinkButton::new("印刷する", "record.html").look(Look::Quiet).icon(Icon::Print).html(),
        Post::new("form.html", Submit::new("削除する").look(Look::Danger).question("本当に削除しますか。")).html(),
    ]);
    let body = [
        section("今日のようす", tiles),
        section("わたしの台帳", cards),
        section("お知らせの種類", notices),
        section("状態", chips),
        section("ボタン", buttons),
        section("手順", steps(lang, &["ファイルを選ぶ", "列を合わせる", "試しに読む", "取り込む"], 2)),
    ];
    Page::new(&site, "職員デスク")
        .lead("担当している台帳と、今日やることです。")
        .body(body.into_iter().collect())
        .render()
}

fn list_table(lang: Lang) -> Table {
    let columns = vec![
        Column::new("name", "名称").sort("?sort=name", Sorted::Ascending),
        Column::new("area", "面積（㎡）").align(Align::Number).sort("?sort=area", Sorted::No),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("inspected", "点検日").align(Align::Tight).sort("?sort=-inspected", Sorted::No),
        Column::new("address", "所在地"),
    ];
    let parks = [
        ("城山公園", 41_250, State::Good, "順調", date(2026, 3, 2), "綾瀬市早川城山3丁目4番1号"),
        ("光綾公園", 28_700, State::Warning, "要確認", date(2025, 11, 20), "綾瀬市深谷中3丁目14番1号"),
        ("風車公園", 9_800, State::Bad, "使用中止", date(2025, 8, 8), "綾瀬市綾西2丁目2番"),
        ("綾南公園", 17_430, State::Done, "完了", date(2026, 3, 18), "綾瀬市落合北6丁目"),
    ];
    let rows = parks.into_iter().map(|(name, area, state, label, day, address)| {
        Row::new(vec![
            SafeHtml::link("record.html", name),
            SafeHtml::escape(said::whole(area)),
            chip(state, label),
            SafeHtml::escape(said::short_date(lang, day)),
            marked(address, std::slice::from_ref(&(0..9))),
        ])
        .select(name, name)
    });
    Table::new(lang, "公園の一覧", columns, rows.collect())
}

fn list(lang: Lang) -> String {
    let site = staff_site(lang);
    let buttons: SafeHtml = [
        Submit::new("まとめて編集").icon(Icon::Edit).html(),
        Submit::new("削除する")
            .look(Look::Danger)
            .action("list.html")
            .question("選択した公園を削除しますか。元に戻せます。")
            .html(),
    ]
    .into_iter()
    .collect();
    let table = list_table(lang).selectable("id").hideable("park").html();
    let bulk = BulkForm::new(lang, "list.html", table, buttons).html();
    let facet = |label: &str, values: &[(&str, &str, bool)], open| {
        let values = values.iter().map(|(label, count, chosen)| FacetValue {
            label: (*label).to_owned(),
            href: "?filter=x".into(),
            count: (*count).to_owned(),
            chosen: *chosen,
        });
        Facet::new(lang, label, values.collect(), open).html()
    };
    let facets: SafeHtml = [
        facet("状態", &[("順調", "84", true), ("要確認", "31", false), ("使用中止", "2", false)], false),
        facet("地区", &[("早川", "22", false), ("深谷", "41", false)], true),
        facet("種別", &[("街区公園", "88", false)], false),
    ]
    .into_iter()
    .collect();
    let paging = Paging::new(lang, Count::AtLeast(10_000))
        .first(Some("?".into()))
        .previous(Some("?a".into()))
        .next(Some("?b".into()));
    let views = tabs(
        "表示のしかた",
        &[
            Tab { count: Some(1128), ..Tab::new("一覧", "list.html", true) },
            Tab::new("カレンダー", "calendar.html", false),
            Tab::new("グラフ", "board.html", false),
        ],
    );
    let list = format!(
        "<div class=\"list-bar\"><p class=\"row text-number\">{} {}</p>{}</div>{bulk}{}",
        SafeHtml::escape(count(lang, Count::AtLeast(10_000))),
        active_filter(lang, "状態：順調", "list.html"),
        column_menu("park"),
        paging.html(),
    );
    let body = format!("{views}{}", with_facets(lang, &SafeHtml::trusted(list), &facets));
    Page::new(&site, "公園台帳")
        .crumb("ホーム", "desk.html")
        .crumb("台帳", "list.html")
        .actions(
            [
                LinkButton::new("書き出す", "list.html").icon(Icon::Download).html(),
                LinkButton::new("新しく登録する", "form.html").look(Look::Primary).icon(Icon::Add).html(),
            ]
            .into_iter()
            .collect(),
        )
        .body(SafeHtml::trusted(body))
        .render()
}

fn empty(lang: Lang) -> String {
    let site = staff_site(lang);
    let empty = Empty::new("まだ登録がありません")
        .text("最初の公園を登録するか、表計算ソフトの一覧を読み込んでください。")
        .actions(
            [
                LinkButton::new("登録する", "form.html").look(Look::Primary).icon(Icon::Add).html(),
                LinkButton::new("ファイルから読み込む", "form.html").icon(Icon::Upload).html(),
            ]
            .into_iter()
            .collect(),
        );
    Page::new(&site, "公園台帳").crumb("ホーム", "desk.html").body(empty.html()).render()
}

fn record(lang: Lang) -> String {
    let site = staff_site(lang);
    let qr = qr_svg("https://example.jp/desk/ledgers/park/records/0190", "この公園のページのQRコード").expect("fits");
    let table = facts(&[
        Fact::text("名称", "城山公園"),
        Fact::html("状態", chip(State::Good, "順調")),
        Fact::text("面積", "41,250㎡"),
        Fact::text("開設日", &said::date(lang, date(1989, 1, 8))),
        Fact::text("所在地", "〒252-1123\n綾瀬市早川城山3丁目4番1号"),
        Fact::text("備考", ""),
        Fact::html(
            "ホームページ",
            SafeHtml::link("https://www.example.jp/shiroyama", "https://www.example.jp/shiroyama"),
        ),
    ]);
    let change = |label: &str, before: Option<&str>, after: Option<&str>| Change {
        label: label.into(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    let diff = Diff::new(
        lang,
        &[
            change("状態", Some("要確認"), Some("順調")),
            change(
                "点検の結果",
                Some("ブランコの鎖に錆があり、使用を中止した。"),
                Some("ブランコの鎖を交換し、使用を再開した。"),
            ),
            change("備考", Some("次回は4月"), None),
            change("担当者", None, Some("緑川 花子")),
        ],
    );
    let entry = |what: &str, when: &str, mark: Mark, more: SafeHtml| Entry {
        what: what.into(),
        when: when.into(),
        who: "緑川 花子（公園緑地課）".into(),
        more,
        mark,
    };
    let history = timeline(&[
        entry("変更", "令和8年3月18日（水） 14:05", Mark::Plain, diff.html()),
        entry("承認", "令和8年3月17日（火） 9:30", Mark::Done, SafeHtml::EMPTY),
        entry("差し戻し", "令和8年3月16日（月） 16:12", Mark::Bad, SafeHtml::trusted("<p>写真が足りません。</p>")),
        entry("登録", "令和8年3月2日（月） 10:00", Mark::Plain, SafeHtml::EMPTY),
    ]);
    let delete = Confirm::new(
        lang,
        "この公園を削除する",
        "「城山公園」を削除します。30日以内であれば元に戻せます。",
        Post::new("list.html", Submit::new("削除する").look(Look::Danger)),
    );
    let body = format!(
        "<div class=\"with-aside\"><div class=\"stack\">{table}{}{}</div><aside class=\"stack\" aria-label=\"関連\">{}{}</aside></div>",
        section("変更の記録", history),
        delete.html(),
        Card::new("QRコード").top().note("現地の掲示に使えます。").body(qr).html(),
        Card::new("添付").top().body(SafeHtml::trusted("<ul class=\"link-list\"><li><a href=\"#\"><span>点検表.pdf</span><span class=\"file-size\">1.2 MB</span></a></li></ul>")).html(),
    );
    Page::new(&site, "城山公園")
        .crumb("ホーム", "desk.html")
        .crumb("公園台帳", "list.html")
        .beside_title(chip(State::Good, "順調"))
        .actions(
            [
                LinkButton::new("印刷する", "record.html").icon(Icon::Print).html(),
                LinkButton::new("編集する", "form.html").look(Look::Primary).icon(Icon::Edit).shortcut("e").html(),
            ]
            .into_iter()
            .collect(),
        )
        .notice(Notice::new(NoticeTone::Success, "保存しました。"))
        .body(SafeHtml::trusted(body))
        .render()
}

fn choices(labels: &[&str]) -> Vec<Choice> {
    labels.iter().enumerate().map(|(index, label)| Choice::new(format!("c{index}"), *label)).collect()
}

/// A field of every kind, with mistakes or without.
pub fn every_field(wrong: bool) -> Vec<(&'static str, Vec<FieldView>)> {
    let field = |key: &str, label: &str, kind: FieldKind, mistake: &str| {
        let field = FieldView::new(key, label, kind);
        if wrong && !mistake.is_empty() { field.error(mistake) } else { field }
    };
    let row = || {
        vec![
            FieldView::new("item", "品名", FieldKind::Text { max: None }).required(),
            FieldView::new("quantity", "数量", FieldKind::Integer { unit: "個".into() }),
            FieldView::new("inspected", "確認日", FieldKind::Date),
        ]
    };
    let mut first_row = row();
    first_row[0].value = "ブランコ".into();
    if wrong {
        first_row[1].errors.push("1行目の「数量」には0以上の整数を入力してください。".into());
    }
    let existing =
        vec![FileItem {
            id: "f1".into(), name: "点検表（令和7年度）.pdf".into(), href: "#".into(), size: 1_258_291
        }];
    vec![
        (
            "文字と数",
            vec![
                field("title", "件名", FieldKind::Text { max: Some(100) }, "「件名」を入力してください。").required(),
                field("note", "内容", FieldKind::LongText { max: Some(2000) }, "")
                    .value("1行目\n2行目")
                    .hint("経緯が分かるように書いてください。"),
                field(
                    "count",
                    "人数",
                    FieldKind::Integer { unit: "人".into() },
                    "「人数」には整数を入力してください。",
                )
                .value("十二"),
                field("area", "面積", FieldKind::Decimal { scale: 2, unit: "㎡".into() }, "").value("412.50"),
                field("budget", "予算額", FieldKind::Yen, "").value("1,250,000"),
                FieldView::new("total", "合計", FieldKind::Computed).value("1,662,500円"),
            ],
        ),
        (
            "日付",
            vec![
                field("start", "開始日", FieldKind::Date, "「開始日」の2026年2月30日は存在しません。")
                    .required()
                    .value("令和8年4月1日"),
                FieldView::new("at", "受付日時", FieldKind::DateTime).value("2026-04-01T13:30"),
                FieldView::new("month", "対象月", FieldKind::YearMonth).value("2026-04"),
                FieldView::new("year", "年度", FieldKind::FiscalYear { years: choices(&["令和7年度", "令和8年度"]) }),
                FieldView::new("year_typed", "基準年度", FieldKind::FiscalYear { years: Vec::new() }).value("2021"),
            ],
        ),
        (
            "選択",
            vec![
                field("public", "公開する", FieldKind::YesNo, "「公開する」を選んでください。").required(),
                FieldView::new("state", "状態", FieldKind::Choice { choices: choices(&["順調", "やや遅れ", "遅れ"]) })
                    .value("c1"),
                FieldView::new(
                    "kind",
                    "種別",
                    FieldKind::Choice {
                        choices: choices(&["街区公園", "近隣公園", "地区公園", "総合公園", "運動公園", "緑地"]),
                    },
                ),
                FieldView::new(
                    "days",
                    "曜日",
                    FieldKind::ManyChoices { choices: choices(&["月", "火", "水", "木", "金"]) },
                )
                .value(vec!["c0".to_owned(), "c2".to_owned()]),
            ],
        ),
        (
            "人と連絡先",
            vec![
                FieldView {
                    value: FieldValue::Parts(vec![("name", "緑川 花子".into()), ("kana", "ミドリカワ ハナコ".into())]),
                    ..field(
                        "applicant",
                        "申請者",
                        FieldKind::PersonName,
                        "「申請者」のフリガナはカタカナで入力してください。",
                    )
                    .required()
                    .autocomplete("name")
                },
                FieldView {
                    value: FieldValue::Parts(vec![
                        ("postcode", "252-1192".into()),
                        ("text", "綾瀬市早川550番地".into()),
                    ]),
                    ..FieldView::new("address", "住所", FieldKind::Address { postcodes: String::new() })
                        .autocomplete("street-address")
                },
                FieldView::new("phone", "電話番号", FieldKind::Phone).autocomplete("tel"),
                FieldView::new("mail", "メールアドレス", FieldKind::Mail).autocomplete("email"),
                FieldView::new("url", "ホームページ", FieldKind::Url),
                FieldView::new(
                    "department",
                    "担当課",
                    FieldKind::Reference {
                        lookup: "/lookup".into(),
                        label: "公園緑地課".into(),
                        href: Some("record.html".into()),
                    },
                )
                .value("0190"),
            ],
        ),
        (
            "明細・添付・場所",
            vec![
                FieldView::new(
                    "items",
                    "明細",
                    FieldKind::Rows {
                        prototype: row(),
                        rows: vec![RowView { id: "r1".into(), fields: first_row }],
                        ordered: true,
                    },
                ),
                FieldView::new(
                    "files",
                    "添付",
                    FieldKind::Files { existing, accept: ".pdf,image/*".into(), max_bytes: 20_971_520 },
                ),
                field("place", "位置", FieldKind::Point, "「位置」は市の区域の外です。").value("35.4370,139.4300"),
                FieldView::new("route", "経路", FieldKind::Line).value("35.4370,139.4300\n35.4380,139.4310"),
                FieldView::new("extent", "区域", FieldKind::Polygon),
                FieldView::new("number", "受付番号", FieldKind::Text { max: None }).value("令8-0042").read_only(),
            ],
        ),
    ]
}

fn form(lang: Lang, wrong: bool) -> String {
    let site = staff_site(lang);
    let mut form = Form::new(lang, "form.html")
        .hidden("revision", "3")
        .cancel("list.html")
        .draft(Draft::Machine("gallery".into()))
        .more_buttons(Submit::new("下書きとして保存").sends("_as", "draft").html());
    for (title, fields) in every_field(wrong) {
        form = form.section(title, fields);
    }
    if wrong {
        form = form.mistake("ほかの人が先に保存しました。最新の内容と見比べてください。");
    }
    let page = Page::new(&site, "公園を登録する").crumb("ホーム", "desk.html").crumb("公園台帳", "list.html");
    let page = if form.has_mistakes() { page.with_mistakes() } else { page };
    page.body(form.html()).render()
}

fn board(lang: Lang) -> String {
    let site = staff_site(lang);
    let bars = BarChart {
        title: "部ごとの取組の数".into(),
        label_name: "部".into(),
        value_name: "取組".into(),
        unit: "件".into(),
        bars: vec![
            Bar { href: Some("list.html".into()), ..Bar::new("市長室", 4.0) },
            Bar::new("経営企画部", 9.0),
            Bar { tone: Tone::Bad, ..Bar::new("健康こども部・福祉部の共同", 12.0) },
            Bar::new("消防", 6.0),
        ],
    };
    let stacked = StackedChart {
        title: "取組の状態".into(),
        label_name: "部".into(),
        unit: "件".into(),
        series: vec![
            ("完了".into(), Tone::Good),
            ("進行中".into(), Tone::First),
            ("遅れ".into(), Tone::Bad),
            ("未着手".into(), Tone::Rest),
        ],
        rows: [
            ("経営企画部", [3.0, 4.0, 1.0, 1.0]),
            ("都市部", [2.0, 6.0, 0.0, 2.0]),
            ("教育部", [5.0, 2.0, 2.0, 0.0]),
        ]
        .into_iter()
        .map(|(label, values)| StackedRow { label: label.into(), values: values.to_vec(), href: None })
        .collect(),
    };
    let line = LineChart {
        title: "公園の通報への対応".into(),
        label_name: "年月".into(),
        unit: "件".into(),
        labels: (4..=12).map(|month| format!("{month}月")).collect(),
        series: vec![
            Series {
                name: "実績".into(),
                values: vec![
                    Some(12.0),
                    Some(18.0),
                    Some(25.0),
                    None,
                    Some(31.0),
                    Some(44.0),
                    Some(52.0),
                    Some(58.0),
                    Some(71.0),
                ],
                target: false,
            },
            Series {
                name: "目標".into(),
                values: (1..=9).map(|step| Some(f64::from(step) * 9.0)).collect(),
                target: true,
            },
        ],
    };
    let cross = Table::new(
        lang,
        "部とテーマごとの取組",
        vec![
            Column::new("department", "部"),
            Column::new("a", "安全・安心").align(Align::Number),
            Column::new("b", "にぎわい").align(Align::Number),
            Column::new("c", "デジタル").align(Align::Number),
            Column::new("progress", "進捗"),
        ],
        [("経営企画部", 2, 3, 4), ("都市部", 5, 1, 2)]
            .into_iter()
            .map(|(name, a, b, c)| {
                let numbers = [a, b, c].map(|number: i32| SafeHtml::escape(number));
                let mut cells = vec![SafeHtml::escape(name)];
                cells.extend(numbers);
                cells.push(progress(
                    "完了",
                    f64::from(a),
                    f64::from(a + b + c),
                    &format!("{a}／{}", a + b + c),
                    Tone::Good,
                ));
                Row::new(cells)
            })
            .collect(),
    )
    .show_caption()
    .foot(["合計", "7", "4", "6", ""].map(SafeHtml::escape).to_vec())
    .wide();
    let charts = grid(
        "grid-wide",
        [Card::new("取組の数").top().body(bars.html()).html(), Card::new("状態").top().body(stacked.html(lang)).html()],
    );
    let body = [cross.html(), charts, Card::new("推移").top().body(line.html(lang)).html()];
    Page::new(&site, "部局運営方針")
        .lead("13の部局が、今年度に取り組むことです。")
        .body(body.into_iter().collect())
        .render()
}

fn calendar(lang: Lang) -> String {
    let site = staff_site(lang);
    let calendar = MonthCalendar::new(lang, YearMonth::of(date(2026, 5, 1)))
        .today(date(2026, 5, 13))
        .holiday(date(2026, 5, 4), "みどりの日")
        .holiday(date(2026, 5, 5), "こどもの日")
        .event(date(2026, 5, 13), "城山公園 遊具点検", "record.html")
        .event(date(2026, 5, 13), "光綾公園 遊具点検", "record.html")
        .event(date(2026, 5, 29), "報告書の期限", "record.html")
        .around("?month=2026-04", "?month=2026-06");
    Page::new(&site, "点検の予定").crumb("ホーム", "desk.html").body(calendar.html()).render()
}

fn map(lang: Lang) -> String {
    let site = staff_site(lang);
    let park = |id: &str, label: &str, state: &str, at: [f64; 2]| {
        json!({
            "type": "Feature",
            "geometry": { "type": "Point", "coordinates": at },
            "properties": { "id": id, "label": label, "state": state },
        })
    };
    let parks = json!({ "type": "FeatureCollection", "features": [
        park("1", "城山公園", "open", [139.4269, 35.4378]),
        park("2", "光綾公園", "works", [139.4301, 35.4441]),
    ] });
    let colours = Colours::new("state").value("open", "開園中", None).value("works", "工事中", None);
    let layer = Layer::new("park", "都市公園", Shape::Point, Source::Inline(parks))
        .colours(colours)
        .link("record.html?id={id}");
    let list = SafeHtml::trusted("<ul class=\"map-links\"><li><a href=\"record.html\">城山公園</a></li></ul>");
    let map = MapView::new(lang, "公園の地図")
        .layer(layer)
        .listed()
        .tall()
        .narrow("?bbox={bbox}", "この範囲で絞り込む")
        .fallback(list);
    Page::new(&site, "公園の地図").crumb("ホーム", "desk.html").body(map.html()).render()
}

fn sign_in(lang: Lang) -> String {
    let mut site = Site::desk(lang, "綾瀬市");
    site.languages = languages();
    let form = Form::new(lang, "desk.html")
        .fields(vec![
            FieldView::new("user", "職員番号またはメールアドレス", FieldKind::Text { max: None })
                .required()
                .autocomplete("username webauthn"),
            FieldView::new("password", "パスワード", FieldKind::Password { new: false })
                .required()
                .autocomplete("current-password"),
            FieldView::new("code", "確認コード", FieldKind::Code)
                .hint("認証アプリの6桁の数字です。")
                .autocomplete("one-time-code"),
        ])
        .submit("サインインする")
        .plain();
    let passkey = "<form class=\"form\" data-passkey=\"login\" hidden>\
                   <button class=\"button button-wide\" type=\"submit\">パスキーでサインインする</button></form>";
    let body = format!("<div class=\"card\">{}<hr>{passkey}</div>", form.html());
    Page::new(&site, "サインイン").narrow().body(SafeHtml::trusted(body)).render()
}

fn problem(lang: Lang) -> String {
    let site = staff_site(lang);
    let problem = Problem::new(lang, "保存の途中で、サーバーとの接続が切れました。")
        .kept("入力した内容は、この端末に残っています。")
        .advice("少し待ってから、前の画面に戻ってもう一度保存してください。")
        .advice("何度も続くときは、情報システム担当に番号を伝えてください。")
        .reference("7F3A-21C9")
        .actions(LinkButton::new("前の画面に戻る", "form.html").icon(Icon::Back).html());
    Page::new(&site, "保存できませんでした").narrow().body(problem.html()).render()
}

fn portal(lang: Lang) -> String {
    let mut site = Site::portal(lang, "綾瀬市");
    site.languages = languages();
    site.sign_in_href = Some("sign-in.html".into());
    site.nav = vec![
        NavItem::new("手続き", "portal.html"),
        NavItem::new("市の取組", "board.html"),
        NavItem::new("オープンデータ", "list.html"),
    ];
    site.footer =
        vec![NavItem::new("アクセシビリティ", "portal.html"), NavItem::new("個人情報の取扱い", "portal.html")];
    let hero = format!(
        "<section class=\"hero\"><h1>綾瀬市の手続きと、市の取組</h1><p>市役所でできることを、ここから始められます。</p><div class=\"button-row\">{}</div></section>",
        LinkButton::new("手続きをさがす", "list.html").icon(Icon::Search).html(),
    );
    let cards = grid(
        "",
        [
            Card::new("市の取組を見る")
                .href("board.html")
                .icon(Icon::Board)
                .note("各部が今年度に何をするか、どこまで進んだか。")
                .html(),
            Card::new("公園をさがす").href("list.html").icon(Icon::Place).note("128の公園と遊具のようす。").html(),
            Card::new("オープンデータ")
                .href("list.html")
                .icon(Icon::Download)
                .note("市のデータを自由に使えます。")
                .html(),
        ],
    );
    Page::new(&site, site.service_name.clone())
        .without_heading()
        .body(SafeHtml::trusted(format!("{hero}{}", section("よく使われるページ", cards))))
        .render()
}
