//! Ledgers and values that several tests use.

use kawasemi_kernel::{Fields, Value};

/// A ledger with a number, a scope, an order and a unique key.
pub const PARK: &str = r#"
    key = "park"
    title = "公園"
    owner = "parks"
    label = ["name"]
    retention = { basis = "文書管理規程" }
    number = { prefix = "公-", digits = 4 }
    list = { sort = ["district", "-opened_on"], scope = "department" }
    purpose = "公園の管理のため"
    field = [
        { key = "name", label = "名称", type = "text", unique = true, clearance = "public" },
        { key = "district", label = "地区", type = "text" },
        { key = "department", label = "所管", type = "text", search = false },
        { key = "opened_on", label = "開園日", type = "date" },
        { key = "area", label = "面積", type = "decimal", scale = 2 },
        { key = "note", label = "備考", type = "long-text" },
        { key = "manager", label = "管理人", type = "person-name", clearance = "personal" },
    ]
"#;

/// A ledger with every kind of field.
pub const EVERYTHING: &str = r#"
    key = "everything"
    title = "全部"
    owner = "it"
    label = ["text"]
    retention = { basis = "試験" }
    purpose = "試験のため"
    field = [
        { key = "text", label = "文字", type = "text" },
        { key = "long", label = "長文", type = "long-text" },
        { key = "whole", label = "整数", type = "integer" },
        { key = "exact", label = "小数", type = "decimal", scale = 3 },
        { key = "yen", label = "円", type = "yen" },
        { key = "day", label = "日付", type = "date" },
        { key = "moment", label = "日時", type = "date-time" },
        { key = "month", label = "年月", type = "year-month" },
        { key = "year", label = "年度", type = "fiscal-year" },
        { key = "yes", label = "可否", type = "yes-no" },
        { key = "one", label = "選択", type = "choice", choices = [{ key = "a", label = "甲" }, { key = "b", label = "乙" }] },
        { key = "many", label = "複数", type = "choices", choices = [{ key = "a", label = "甲" }, { key = "b", label = "乙" }] },
        { key = "person", label = "氏名", type = "person-name", clearance = "personal" },
        { key = "address", label = "住所", type = "address", clearance = "personal" },
        { key = "parent", label = "親", type = "reference", target = "everything" },
        { key = "papers", label = "添付", type = "files" },
        { key = "spot", label = "位置", type = "point" },
        { key = "ground", label = "区域", type = "polygon" },
        { key = "items", label = "明細", type = "rows", field = [
            { key = "what", label = "品名", type = "text" },
            { key = "price", label = "単価", type = "yen" },
        ] },
    ]
"#;

/// Fields from keys and values.
pub fn fields<const N: usize>(values: [(&str, Value); N]) -> Fields {
    values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A text value.
pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
