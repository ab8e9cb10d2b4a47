//! Which tables a ledger definition means.
//!
//! Fields are nullable columns whatever the definition requires today: what is required is checked before a write, under
//! the version that then holds, and earlier records stay as they are. The search texts stand last, so that a list that
//! does not read them does not walk over them. All indexes but that of the id hold only records that are not deleted.

use kawasemi_schema::field::FieldKind;
use kawasemi_schema::{FieldDef, LedgerDef};

use super::order::{self, Order};
use super::{child_fields, child_table, open_levels, search_columns, search_levels, sql_type};
use crate::table::{Column, IndexPart, IndexedRows, Table};

/// The columns of a child row that are no fields. Field keys begin with a letter, so they can't be the same.
pub(crate) const CHILD_COLUMNS: [&str; 3] = ["_record", "_id", "_position"];

/// Records that a batch brought: what undoing it looks for.
const BATCHED: IndexedRows = IndexedRows::Where { name: "batched", condition: "\"batch\" <> 0" };

/// How many facets an index carries at most, so that a definition with very many does not pay for all of them.
const CARRIED: usize = 4;

/// The records' table, then those of child rows.
pub(super) fn of(def: &LedgerDef) -> Vec<Table> {
    let mut tables = vec![records(def)];
    tables.extend(child_fields(def).map(|(field, fields)| children(def, field, fields)));
    tables
}

fn records(def: &LedgerDef) -> Table {
    let mut table = Table::new(def.table())
        .numbered()
        .column(Column::id("id"))
        .column(Column::text("number").optional())
        .column(Column::int("revision"))
        .column(Column::int("definition"))
        .column(Column::int("batch").default_to(0))
        .column(Column::int("created_at"))
        .column(Column::text("created_by"))
        .column(Column::int("updated_at"))
        .column(Column::text("updated_by"))
        .column(Column::int("deleted_at").optional())
        .column(Column::blob("chain"))
        .unique(["id"])
        .index_of(BATCHED, ["batch"]);
    for field in &def.fields {
        table.columns.extend(columns(field));
    }
    for column in search_columns(&search_levels(def), &open_levels(def)) {
        table = table.column(Column::text(column).optional());
    }
    if def.number.is_some() {
        table = table.unique(["number"]);
    }
    with_declared_indexes(table, def)
}

fn with_declared_indexes(mut table: Table, def: &LedgerDef) -> Table {
    let scope = def.list.scope.as_deref().and_then(|key| order::column(def, key, false)).map(|scope| scope.column);
    let facets = || def.list.facets.iter().filter_map(|key| Some((key, order::column(def, key, false)?.column)));
    let carried: Vec<String> =
        facets().filter(|(key, _)| is_short(def, key)).map(|(_, column)| column).take(CARRIED).collect();
    for order in orders(def) {
        for scope in [None, scope.as_deref()] {
            let parts = order.index(scope);
            // The order of creation without a scope is the table itself.
            if parts != [IndexPart::RowNumber] {
                table = table.with_index(parts, false, IndexedRows::Live);
            }
        }
    }
    if !carried.is_empty() {
        let parts = carrying(main_order(def).index(scope.as_deref()), &carried);
        table = table.with_index(parts, false, IndexedRows::Live);
    }
    // A list narrowed by one facet is as quick as the whole list.
    for (_, facet) in facets() {
        let scope = scope.clone().filter(|scope| *scope != facet).map(ascending);
        let narrowed = scope.into_iter().chain(main_order(def).index(Some(&facet))).collect();
        table = table.with_index(carrying(narrowed, &carried), false, IndexedRows::Live);
    }
    for keys in &def.indexes {
        let keys = keys.iter().filter_map(|key| order::column(def, key, false));
        table = table.with_index(keys.map(|key| ascending(key.column)).collect(), false, IndexedRows::Live);
    }
    for keys in &def.unique {
        // A name is unique by what is written, not by its reading.
        let parts = keys.iter().map(|key| ascending(key.clone())).collect();
        table = table.with_index(parts, true, IndexedRows::Live);
    }
    for field in &def.fields {
        if matches!(field.kind, FieldKind::Reference { .. }) {
            table = table.with_index(vec![ascending(field.key.clone())], false, IndexedRows::Live);
        }
    }
    for field in def.fields.iter().filter(|field| field.kind.is_geometry()) {
        // By where it lies, for boxes; by what a crowded tile shows first.
        let part = |suffix: &str| ascending(format!("{}__{suffix}", field.key));
        table = table.with_index(vec![part("cell"), IndexPart::RowNumber], false, IndexedRows::Live);
        table = table.with_index(vec![part("rank"), part("cell"), IndexPart::RowNumber], false, IndexedRows::Live);
    }
    table.without_beginnings()
}

/// An index that also carries what decides whether a record belongs to a list that is narrowed by several facets: those that it
/// passes in vain are not read, and counting reads none.
fn carrying(mut parts: Vec<IndexPart>, facets: &[String]) -> Vec<IndexPart> {
    let is_in = |parts: &[IndexPart], wanted: &str| {
        parts.iter().any(|part| matches!(part, IndexPart::Column { name, .. } if name == wanted))
    };
    for name in facets.iter().map(String::as_str).chain(["batch", "deleted_at"]) {
        if !is_in(&parts, name) {
            parts.push(ascending(name.to_owned()));
        }
    }
    parts
}

/// Whether the values of a facet are short whatever is entered: PostgreSQL refuses a row whose place in an index is longer than
/// a third of a page.
fn is_short(def: &LedgerDef, key: &str) -> bool {
    fn is(kind: &FieldKind) -> bool {
        match kind {
            FieldKind::Computed { result, .. } => is(result),
            FieldKind::Choice { .. }
            | FieldKind::YesNo
            | FieldKind::Date
            | FieldKind::YearMonth
            | FieldKind::FiscalYear
            | FieldKind::Integer { .. }
            | FieldKind::Yen { .. }
            | FieldKind::Decimal { .. }
            | FieldKind::Reference { .. } => true,
            _ => false,
        }
    }
    def.field(key).is_some_and(|field| is(&field.kind))
}

/// The order of the list; that of creation where it has none.
fn main_order(def: &LedgerDef) -> Order {
    Order::by(def.list.sort.iter().filter_map(|key| order::column(def, &key.field, key.descending)).collect())
}

/// Every order that the definition offers: that of creation, which a list without one has, that of the list, and those of
/// its views.
fn orders(def: &LedgerDef) -> Vec<Order> {
    let mut orders = vec![Order::default(), main_order(def)];
    for view in &def.views {
        let keys = view.sort.iter().map(|key| kawasemi_schema::SortKey::parse(key));
        orders.push(Order::by(keys.filter_map(|key| order::column(def, &key.field, key.descending)).collect()));
    }
    orders
}

fn ascending(name: String) -> IndexPart {
    IndexPart::Column { name, descending: false }
}

fn children(def: &LedgerDef, parent: &FieldDef, fields: &[FieldDef]) -> Table {
    let [record, id, position] = CHILD_COLUMNS;
    let mut table = Table::new(child_table(def, &parent.key))
        .column(Column::id(record).references(def.table(), "id"))
        .column(Column::int(position))
        .column(Column::id(id))
        .key([record, position])
        .clustered();
    for field in fields {
        table.columns.extend(columns(field));
        // Who is under protection is asked for every record that is shown.
        let path = format!("{}.{}", parent.key, field.key);
        if def.protects.as_ref().is_some_and(|protects| protects.persons.contains(&path)) {
            table = table.with_index(vec![ascending(field.key.clone())], false, IndexedRows::All);
        }
    }
    table
}

fn columns(field: &FieldDef) -> Vec<Column> {
    let reference = match &field.kind {
        FieldKind::Reference { target } => Some(format!("l_{}", target.replace('-', "_"))),
        _ => None,
    };
    let columns = field.columns().into_iter().map(|column| {
        let ty = sql_type(&column);
        let stored = Column::of(column.name, ty).optional();
        match &reference {
            Some(target) => stored.references(target.clone(), "id"),
            None => stored,
        }
    });
    columns.collect()
}

#[cfg(test)]
mod tests {
    use kawasemi_schema::SourceFile;

    use super::*;
    use crate::sql::is_identifier;

    const PARK: &str = r#"
        key = "park"
        title = "公園"
        owner = "parks"
        label = ["name"]
        retention = { basis = "文書管理規程" }
        number = { prefix = "公", digits = 4 }
        list = { sort = ["district", "-opened_on"], scope = "department" }
        field = [
            { key = "name", label = "名称", type = "text", unique = true },
            { key = "district", label = "地区", type = "text" },
            { key = "department", label = "所管", type = "text", search = false },
            { key = "opened_on", label = "開園日", type = "date" },
            { key = "manager", label = "管理人", type = "person-name", clearance = "personal" },
            { key = "location", label = "位置", type = "point" },
            { key = "parent", label = "親公園", type = "reference", target = "park" },
            { key = "units", label = "遊具", type = "rows", field = [{ key = "kind", label = "種類", type = "text" }] },
        ]
        purpose = "公園の管理のため"
    "#;

    fn park() -> Vec<Table> {
        of(&LedgerDef::read(SourceFile::new("park.toml", PARK)).unwrap())
    }

    #[test]
    fn a_definition_becomes_a_table_and_a_child_table() {
        let tables = park();
        let names: Vec<&str> = tables[0].columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names[..4], ["id", "number", "revision", "definition"]);
        assert_eq!(names[names.len() - 2..], ["search_internal", "search_personal"]);
        assert!(names.contains(&"manager__sort") && names.contains(&"location__max_y"));
        assert_eq!(tables[1].name, "l_park__units");
        assert!(tables.iter().flat_map(|table| &table.columns).all(|column| is_identifier(&column.name)));
    }

    #[test]
    fn the_index_of_a_facet_carries_the_other_short_ones() {
        let with_facets = PARK
            .replace("scope = \"department\"", "scope = \"department\", facets = [\"state\", \"kind\", \"district\"]")
            .replace("sort = [\"district\", \"-opened_on\"]", "sort = [\"-opened_on\"]")
            .replacen("field = [", "field = [
                { key = \"state\", label = \"状態\", type = \"choice\", choices = [{ key = \"open\", label = \"開園\" }] },
                { key = \"kind\", label = \"種類\", type = \"choice\", choices = [{ key = \"block\", label = \"街区\" }] },", 1);
        let tables = of(&LedgerDef::read(SourceFile::new("park.toml", &with_facets)).unwrap());
        let indexed: Vec<String> =
            tables[0].indexes.iter().map(|index| index.columns().collect::<Vec<_>>().join(" ")).collect();
        for expected in [
            "department opened_on state kind batch deleted_at",
            "department state opened_on kind batch deleted_at",
            "department district opened_on state kind batch deleted_at",
        ] {
            assert!(indexed.iter().any(|columns| columns == expected), "{expected} in {indexed:#?}");
        }
        // What is the beginning of another index is not kept beside it.
        assert!(!indexed.iter().any(|columns| columns == "department opened_on"), "{indexed:#?}");
    }

    #[test]
    fn orders_have_an_index_with_and_without_the_scope() {
        let names: Vec<String> = park()[0].indexes.iter().map(|index| index.name.clone()).collect();
        for expected in [
            "i_l_park__department_n__live",
            "i_l_park__district_opened_on_z_opened_on_d_n__live",
            "i_l_park__department_district_opened_on_z_opened_on_d_n__live",
            "i_l_park__parent__live",
            "u_l_park__name__live",
            "u_l_park__number",
            "u_l_park__id",
        ] {
            assert!(names.iter().any(|name| name == expected), "{expected} in {names:?}");
        }
    }
}
