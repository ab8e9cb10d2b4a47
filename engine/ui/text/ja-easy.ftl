service-desk = カワセミ 職員デスク
service-portal = 市民（しみん）ポータル
skip-to-main = 本文（ほんぶん）へ
navigation = おもなメニュー
footer-navigation = このサイトについて
breadcrumb = 今（いま）いるページ
languages = ことばを選（えら）ぶ
search = さがす
search-all = ぜんぶの台帳（だいちょう）からさがす
sign-in = サインイン
sign-out = サインアウト
lock = 画面に かぎを かける
title-mistakes = まちがいがあります：

save = 保存（ほぞん）する
cancel = やめる
close = 閉（と）じる
yes = はい
no = いいえ
required = かならず書（か）く
choose-one = 選（えら）んでください
choose-none = 選（えら）ばない

mistakes-title = まちがいが{ $count }つあります
mistakes-kept = 書（か）いたことは残（のこ）っています。下（した）のところを直（なお）して、もう一度（いちど）送（おく）ってください。
problem-kept = 残（のこ）っているもの
problem-advice = 次（つぎ）にできること
problem-reference = 市役所（しやくしょ）に聞（き）くときは、この番号（ばんごう）を言（い）ってください：
confirm-careful = もとにもどせないことがあります。やめるときは、このまま別（べつ）のページに行（い）ってください。
confirm-proceed = 続（つづ）ける

shortcuts-open = キーボードの使（つか）い方（かた）
shortcuts-title = キーボードの使（つか）い方（かた）
shortcuts-use = この機械（きかい）でキーボードの操作（そうさ）を使（つか）う

postcode-filled = 郵便番号（ゆうびんばんごう）から「{"{town}"}」と入（い）れました。続（つづ）きを書（か）いてください。
draft-restored = 前（まえ）に書（か）いたことの続（つづ）きです。まだ保存（ほぞん）していません。
draft-discard = 前（まえ）に書（か）いたことを消（け）す
request-failed = うまくつながりませんでした。少（すこ）し待（ま）ってから、もう一度（いちど）やってみてください。
passkey-cancelled = パスキーがうまく使（つか）えませんでした。もう一度（いちど）やってみるか、別（べつ）の方法（ほうほう）を使（つか）ってください。
location-failed = 今（いま）いる場所（ばしょ）がわかりませんでした。機械（きかい）の設定（せってい）を見（み）てください。

select = 選（えら）ぶ
select-all = 見（み）えているものを全部（ぜんぶ）選（えら）ぶ
select-row = { $label }を選（えら）ぶ
bulk-count = {"{count}"}件（けん）を選（えら）んでいます
bulk-lead = 選（えら）んだものに：
columns = 見（み）せる列（れつ）

count-exactly = { $count }件（けん）
count-at-least = { $count }件（けん）より多（おお）い
paging = ページを変（か）える
page-first = はじめのページ
page-previous = 前（まえ）のページ
page-next = 次（つぎ）のページ
facets = しぼる
facet-chosen = （選（えら）んでいます）
filter-remove = をやめる

steps = 順番（じゅんばん）
step-done = （終（お）わりました）
month-previous = 前（まえ）の月（つき）
month-next = 次（つぎ）の月（つき）

hint-both = { $own }。{ $more }
hint-max = { $max }文字（もじ）まで。
hint-date = 例（れい）：2026-04-01、令和8年4月1日
hint-year-month = 例（れい）：2026-04
hint-fiscal-year = 例（れい）：2026
hint-decimal = 小数点（しょうすうてん）の下（した）は{ $scale }けたまで。
hint-point = 場所（ばしょ）の数字（すうじ）。例（れい）：35.4370,139.4300
hint-line = 1行（ぎょう）に1つずつ、場所（ばしょ）の数字（すうじ）を書（か）きます。
hint-polygon = 角（かど）の場所（ばしょ）を、1行（ぎょう）に1つずつ数字（すうじ）で書（か）きます。
geometry-file = ファイルから 読（よ）みます（図形（ずけい）が 1つの GeoJSONなど）
hint-files = 1つのファイルは{ $size }まで。
unit-yen = 円（えん）
unit-fiscal-year = 年度（ねんど）
part-name = 名前（なまえ）
part-kana = 名前（なまえ）の読（よ）み方（かた）（カタカナ）
part-postcode = 郵便番号（ゆうびんばんごう）
part-address = 住（す）んでいるところ
date-calendar = { $label }をカレンダーから選（えら）ぶ
use-location = 今（いま）いる場所（ばしょ）を使（つか）う
password-show = パスワードを見（み）る
file-remove = 消（け）す

lookup-search = { $label }をさがす
lookup-placeholder = 名前（なまえ）や番号（ばんごう）でさがす
lookup-results = { $label }の見（み）つかったもの
lookup-now = 今（いま）選（えら）んでいるもの：
lookup-none = 見（み）つかりませんでした
lookup-count = {"{count}"}件（けん）見（み）つかりました
row-title = { $number }行目（ぎょうめ）
row-new = 新（あたら）しい
row-add = 行（ぎょう）をふやす
row-remove = この行（ぎょう）を消（け）す
row-up = 上に うごかす
row-down = 下に うごかす
row-added = 行（ぎょう）をふやしました
row-removed = 行（ぎょう）を消（け）しました

diff-caption = 変（か）わったところ
diff-field = 項目（こうもく）
diff-before = 前（まえ）
diff-after = 後（あと）
diff-none = 何（なに）もありません

chart-figures = 数字（すうじ）を表（ひょう）で見（み）る
chart-total = 全部（ぜんぶ）
chart-unit = （{ $unit }）
chart-see-figures = { $title }のグラフ。数字（すうじ）は次（つぎ）の表（ひょう）にあります。

days-today = 今日（きょう）
days-tomorrow = 明日（あした）
days-left = あと{ $count }日（にち）
days-late = { $count }日（にち）すぎています
