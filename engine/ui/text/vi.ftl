service-desk = Kawasemi – nhân viên
service-portal = Cổng thông tin cư dân
skip-to-main = Chuyển đến nội dung chính
navigation = Trình đơn chính
footer-navigation = Về trang này
breadcrumb = Vị trí hiện tại
languages = Chọn ngôn ngữ
search = Tìm kiếm
search-all = Tìm trong tất cả sổ
sign-in = Đăng nhập
sign-out = Đăng xuất
lock = Khóa màn hình
title-mistakes = Vui lòng kiểm tra lại:

save = Lưu
cancel = Hủy
close = Đóng
yes = Có
no = Không
required = Bắt buộc
choose-one = Vui lòng chọn
choose-none = Không chọn

mistakes-title = Có { $count } chỗ cần sửa
mistakes-kept = Nội dung đã nhập vẫn còn. Vui lòng sửa các mục dưới đây rồi gửi lại.
problem-kept = Nội dung đã được giữ lại
problem-advice = Bạn có thể làm gì tiếp theo
problem-reference = Khi liên hệ, vui lòng cho biết số này:
confirm-careful = Thao tác này có thể không hoàn tác được. Nếu không muốn tiếp tục, hãy rời khỏi trang này.
confirm-proceed = Tiếp tục

shortcuts-open = Phím tắt
shortcuts-title = Phím tắt
shortcuts-use = Dùng phím tắt trên thiết bị này

postcode-filled = Đã điền “{"{town}"}” theo mã bưu điện. Vui lòng nhập tiếp.
draft-restored = Đã khôi phục nội dung bạn nhập lần trước. Nội dung chưa được lưu.
draft-discard = Bỏ nội dung đang nhập
request-failed = Kết nối thất bại. Vui lòng đợi một lát rồi thử lại.
passkey-cancelled = Chưa dùng được khóa truy cập. Vui lòng thử lại hoặc chọn cách khác.
location-failed = Không xác định được vị trí. Vui lòng kiểm tra cài đặt của thiết bị.

select = Chọn
select-all = Chọn tất cả các dòng đang hiển thị
select-row = Chọn { $label }
bulk-count = Đã chọn {"{count}"} mục
bulk-lead = Với các mục đã chọn:
columns = Cột hiển thị

count-exactly = { $count } mục
count-at-least = Từ { $count } mục trở lên
paging = Chuyển trang
page-first = Trang đầu
page-previous = Trang trước
page-next = Trang sau
facets = Lọc danh sách
facet-chosen = (đang chọn)
filter-remove = : bỏ điều kiện này

steps = Các bước
step-done = (đã xong)
month-previous = Tháng trước
month-next = Tháng sau

hint-both = { $own }. { $more }
hint-max = Tối đa { $max } ký tự.
hint-date = Ví dụ: 2026-04-01
hint-year-month = Ví dụ: 2026-04
hint-fiscal-year = Ví dụ: 2026
hint-decimal = Tối đa { $scale } chữ số thập phân.
hint-point = Vĩ độ và kinh độ. Ví dụ: 35.4370,139.4300
hint-line = Mỗi dòng một điểm, gồm vĩ độ và kinh độ. Có thể dùng GeoJSON.
hint-polygon = Mỗi dòng một góc, gồm vĩ độ và kinh độ. Có thể dùng GeoJSON.
geometry-file = Hoặc đọc từ tệp (GeoJSON, Shapefile nén zip, GeoPackage, KML hoặc GPX có một hình)
hint-files = Mỗi tệp tối đa { $size }.
unit-yen = yên
unit-fiscal-year = năm tài chính
part-name = Họ tên
part-kana = Cách đọc (katakana)
part-postcode = Mã bưu điện
part-address = Địa chỉ
date-calendar = Chọn { $label } từ lịch
use-location = Dùng vị trí hiện tại
password-show = Hiện mật khẩu
file-remove = Xóa

lookup-search = Tìm { $label }
lookup-placeholder = Tìm theo tên hoặc số
lookup-results = Kết quả cho { $label }
lookup-now = Hiện tại:
lookup-none = Không tìm thấy
lookup-count = Tìm thấy {"{count}"} mục
row-title = Dòng { $number }
row-new = (mới)
row-add = Thêm dòng
row-remove = Xóa dòng này
row-up = Chuyển lên
row-down = Chuyển xuống
row-added = Đã thêm một dòng
row-removed = Đã xóa dòng

diff-caption = Các mục đã thay đổi
diff-field = Mục
diff-before = Trước
diff-after = Sau
diff-none = Chưa nhập

chart-figures = Xem số liệu dạng bảng
chart-total = Tổng
chart-unit = (đơn vị: { $unit })
chart-see-figures = Biểu đồ đường: { $title }. Số liệu có trong bảng tiếp theo.

days-today = Hôm nay
days-tomorrow = Ngày mai
days-left = Còn { $count } ngày
days-late = Quá hạn { $count } ngày
