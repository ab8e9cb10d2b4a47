service-desk = Kawasemi staff desk
service-portal = Residents’ portal
skip-to-main = Skip to the content
navigation = Main menu
footer-navigation = About this site
breadcrumb = You are here
languages = Choose a language
search = Search
search-all = Search all ledgers
sign-in = Sign in
sign-out = Sign out
lock = Lock the screen
title-mistakes = Please check your entries:

save = Save
cancel = Cancel
close = Close
yes = Yes
no = No
required = Required
choose-one = Please choose
choose-none = None

mistakes-title = { $count ->
    [one] There is { $count } mistake
   *[other] There are { $count } mistakes
}
mistakes-kept = What you entered is still here. Please correct the items below and send the form again.
problem-kept = What was kept
problem-advice = What you can do
problem-reference = If you contact us, please quote this number:
confirm-careful = This may not be possible to undo. To leave things as they are, simply go elsewhere.
confirm-proceed = Continue

shortcuts-open = Keyboard shortcuts
shortcuts-title = Keyboard shortcuts
shortcuts-use = Use keyboard shortcuts on this device

postcode-filled = “{"{town}"}” was filled in from the postcode. Please go on from there.
draft-restored = We brought back what you had typed last time. It is not saved yet.
draft-discard = Discard what was typed
request-failed = The connection failed. Please wait a little and try again.
passkey-cancelled = The passkey was not used. Please try again or choose another way.
location-failed = Your position could not be found. Please check your device’s settings.

select = Select
select-all = Select all rows shown
select-row = Select { $label }
bulk-count = {"{count}"} selected
bulk-lead = With the selected rows:
columns = Columns

count-exactly = { $count ->
    [one] { $count } record
   *[other] { $count } records
}
count-at-least = { $count } records or more
paging = Pages
page-first = First page
page-previous = Previous page
page-next = Next page
facets = Narrow the list
facet-chosen = (chosen)
filter-remove = : remove this filter

steps = Steps
step-done = (done)
month-previous = Previous month
month-next = Next month

hint-both = { $own }. { $more }
hint-max = Up to { $max } characters.
hint-date = For example 2026-04-01 or 令和8年4月1日
hint-year-month = For example 2026-04
hint-fiscal-year = For example 2026
hint-decimal = Up to { $scale } decimal places.
hint-point = Latitude and longitude, for example 35.4370,139.4300
hint-line = One point on each line, as latitude and longitude. GeoJSON is accepted too.
hint-polygon = One corner on each line, as latitude and longitude. GeoJSON is accepted too.
geometry-file = Or read it from a file (GeoJSON, zipped Shapefile, GeoPackage, KML or GPX with one shape)
hint-files = Up to { $size } for each file.
unit-yen = yen
unit-fiscal-year = fiscal year
part-name = Name
part-kana = Reading in katakana
part-postcode = Postcode
part-address = Address
date-calendar = Choose { $label } from a calendar
use-location = Use my position
password-show = Show password
file-remove = Remove

lookup-search = Search for { $label }
lookup-placeholder = Search by name or number
lookup-results = Matches for { $label }
lookup-now = At present:
lookup-none = Nothing was found
lookup-count = {"{count}"} found
row-title = Row { $number }
row-new = (new)
row-add = Add a row
row-remove = Remove this row
row-up = Move up
row-down = Move down
row-added = A row was added
row-removed = The row was removed

diff-caption = What changed
diff-field = Item
diff-before = Before
diff-after = After
diff-none = Nothing entered

chart-figures = Show the figures as a table
chart-total = Total
chart-unit = (in { $unit })
chart-see-figures = Line chart: { $title }. The figures are in the table that follows.

days-today = Today
days-tomorrow = Tomorrow
days-left = { $count ->
    [one] { $count } day left
   *[other] { $count } days left
}
days-late = { $count ->
    [one] { $count } day late
   *[other] { $count } days late
}
