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

map-loading = Loading the map…
map-failed = The map could not be loaded. Check your connection and load the page again.
map-unsupported-view = This device cannot show maps (no WebGL). Please see the list below.
map-unsupported-input = This device cannot show maps (no WebGL). Please type latitude and longitude into the field.
map-data-failed = "{"{title}"}" could not be loaded. Move the map in a moment to try again.
map-more = There is much in this area, so only the first {"{count}"} of "{"{title}"}" are shown. Zoom in to see all.
map-zoom-in = Zoom in
map-zoom-out = Zoom out
map-home = Show everything
map-locate = My position
map-bases = Background map
map-attribution = Sources
map-open-record = See details
map-here-are = At this place: {"{count}"}
map-in-view = In view: {"{count}"}
map-none-in-view = Nothing is in view.
map-close = Close
map-keys-view = While the map has the focus, arrow keys move it, + and - zoom, and Enter opens what is nearest to its centre.
map-legend = Legend
map-rest = Other, not entered
map-picker = Map for "{ $label }"
map-draw-point = Press on the map to enter a place.
map-draw-line = Press on the map to set the points of the line one after another. Press the last point again to finish.
map-draw-polygon = Press on the map to set the corners one after another. Press the first corner to close the area.
map-keys-draw = While the map has the focus, arrow keys move the cross (with Shift in small steps), Enter sets a point, Backspace takes one back, Escape cancels, and F finishes.
map-tool-draw = Draw
map-tool-add = Draw another
map-tool-finish = Finish
map-tool-undo = Undo
map-tool-redo = Redo
map-tool-delete = Delete point
map-tool-split = Split
map-tool-clear = Clear all
map-tool-cancel = Cancel
map-edit-hint = Move a point to change the shape. Move a small point in the middle of an edge to add one.
map-split-hint = Set two points on the map so that the line between them crosses what you want to split.
map-split-here = Choose the point at which to split.
map-split-failed = It could not be split. Set two points outside the area so that the line crosses it exactly once.
map-length = Length about {"{value}"}
map-area = Area about {"{value}"}
map-perimeter = Perimeter about {"{value}"}
map-crosses = The outline crosses itself. Please mend it at the red marks.
map-not-read = What is in the field is no shape that can be read, so the map does not show it.
map-said-point = Place entered: {"{place}"}
map-said-vertex = Point {"{count}"} set
map-said-snapped = Snapped to a shape nearby
map-said-removed = Point removed, {"{count}"} left
map-said-moved = Point moved
map-said-picked = Point chosen. Arrow keys move it, Enter sets it down
map-said-finished = Finished
map-said-too-few = Not enough points: a line needs two, an area three
map-said-cancelled = Cancelled
map-said-undone = Undone
map-said-redone = Redone
map-said-cleared = Everything cleared
map-said-split = Split in two
map-said-place = {"{lat}"} N, {"{lon}"} E
