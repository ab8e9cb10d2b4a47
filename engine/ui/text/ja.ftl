service-desk = カワセミ 職員デスク
service-portal = 市民ポータル
skip-to-main = 本文へ移動
navigation = 主なメニュー
footer-navigation = サイトについて
breadcrumb = 現在の位置
languages = 言語を選ぶ
search = 検索
search-all = すべての台帳から検索
sign-in = サインイン
sign-out = サインアウト
lock = 画面をロック
title-mistakes = 入力に誤りがあります：

save = 保存する
cancel = キャンセル
close = 閉じる
yes = はい
no = いいえ
required = 必須
choose-one = 選んでください
choose-none = 選ばない

mistakes-title = 入力に誤りが{ $count }件あります
mistakes-kept = 入力した内容は残っています。次の項目を直して、もう一度送信してください。
problem-kept = 保存されたもの
problem-advice = 次にできること
problem-reference = お問い合わせの際は、この番号をお伝えください：
confirm-careful = この操作は取り消せないことがあります。続けないときは、このまま離れてください。
confirm-proceed = 続ける

shortcuts-open = キーボード操作の一覧
shortcuts-title = キーボード操作
shortcuts-use = この端末でキーボード操作を使う

postcode-filled = 郵便番号から「{"{town}"}」と入れました。続きを入力してください。
draft-restored = 前回の入力の途中から再開しました。まだ保存されていません。
draft-discard = 途中の入力を破棄する
request-failed = 通信に失敗しました。しばらくしてからもう一度お試しください。
passkey-cancelled = パスキーの操作が完了しませんでした。もう一度お試しいただくか、別の方法をお使いください。
location-failed = 現在地を取得できませんでした。端末の設定をご確認ください。

select = 選択
select-all = 表示中のすべてを選択
select-row = { $label }を選択
bulk-count = {"{count}"}件を選択中
bulk-lead = 選択したものに対して：
columns = 表示する列

count-exactly = { $count }件
count-at-least = { $count }件以上
paging = ページの移動
page-first = 最初のページ
page-previous = 前のページ
page-next = 次のページ
facets = 絞り込む
facet-chosen = （選択中）
filter-remove = の絞り込みを外す

steps = 手順
step-done = （完了）
month-previous = 前の月
month-next = 次の月

hint-both = { $own }。{ $more }
hint-max = { $max }文字まで。
hint-date = 例：令和8年4月1日、R8.4.1、2026-04-01
hint-year-month = 例：令和8年4月、2026-04
hint-fiscal-year = 例：令和8、2026
hint-decimal = 小数点以下{ $scale }桁まで。
hint-point = 緯度と経度。例：35.4370,139.4300
hint-line = 1行に1点ずつ、緯度と経度を入力します。GeoJSONも使えます。
hint-polygon = 角の点を1行に1点ずつ、緯度と経度で入力します。GeoJSONも使えます。
geometry-file = ファイルから読む（図形が一つのGeoJSON、Shapefileのzip、GeoPackage、KML、GPX）
hint-files = 1つのファイルは{ $size }まで。
unit-yen = 円
unit-fiscal-year = 年度
part-name = 氏名・名称
part-kana = フリガナ
part-postcode = 郵便番号
part-address = 住所
date-calendar = { $label }をカレンダーから選ぶ
use-location = 現在地を使う
password-show = パスワードを表示
file-remove = 削除する

lookup-search = { $label }を検索
lookup-placeholder = 名前や番号で検索
lookup-results = { $label }の候補
lookup-now = 現在の設定：
lookup-none = 見つかりませんでした
lookup-count = 候補が{"{count}"}件あります
row-title = { $number }行目
row-new = 新しい
row-add = 行を追加
row-remove = この行を削除
row-up = 上へ移す
row-down = 下へ移す
row-added = 行を追加しました
row-removed = 行を削除しました

diff-caption = 変更された項目
diff-field = 項目
diff-before = 変更前
diff-after = 変更後
diff-none = 未入力

chart-figures = 数値を表で見る
chart-total = 合計
chart-unit = （単位：{ $unit }）
chart-see-figures = { $title }の折れ線グラフ。数値は次の表にあります。

days-today = 今日
days-tomorrow = 明日
days-left = あと{ $count }日
days-late = { $count }日超過
