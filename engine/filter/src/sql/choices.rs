//! Several choices in one column, as `|a|b|`.

use kawasemi_store::{Cast, Sql};

use crate::eval::Evaluation;
use crate::expr::{Keys, SetRelation};
use crate::scope::Property;
use crate::sql::Writer;

/// The most keys that are looked for in SQL. Each takes a level of nesting in [`Writer::without`], and SQLite refuses
/// more than 1,000.
const MOST_KEYS: usize = 200;

impl Writer<'_> {
    /// How the chosen keys lie to given ones. A column with nothing chosen is NULL.
    pub(super) fn choices(&self, sql: &mut Sql, relation: SetRelation, property: &Property, keys: &Keys) -> Option<()> {
        let keys = Evaluation::fixed(self.params, |fixed| fixed.keys(keys).map(std::borrow::Cow::into_owned));
        let mut column = Sql::new();
        self.column(&mut column, &property.column);
        let Some(keys) = keys else {
            sql.push("CAST(NULL AS BOOLEAN)");
            return Some(());
        };
        if keys.len() > MOST_KEYS {
            return None;
        }
        match (relation, keys.is_empty()) {
            (SetRelation::Contains, true) => self.known(sql, &column, true),
            (_, true) => self.known(sql, &column, false),
            (SetRelation::Contains, _) => self.each(sql, &column, &keys, " AND "),
            (SetRelation::Overlaps, _) => self.each(sql, &column, &keys, " OR "),
            (SetRelation::ContainedBy, _) => self.without(sql, &column, &keys),
            (SetRelation::Equals, _) => {
                self.each(sql, &column, &keys, " AND ");
                sql.push(" AND ");
                self.without(sql, &column, &keys);
            }
        }
        Some(())
    }

    fn each(&self, sql: &mut Sql, column: &Sql, keys: &[String], word: &str) {
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                sql.push(word);
            }
            sql.push(self.dialect.position()).push("(").append(column).push(", ");
            sql.bind_as(format!("|{key}|"), Cast::Text).push(") > 0");
        }
    }

    /// Nothing but the last bar is left when the given keys are taken out.
    fn without(&self, sql: &mut Sql, column: &Sql, keys: &[String]) {
        keys.iter().for_each(|_| {
            sql.push("replace(");
        });
        sql.append(column);
        for key in keys {
            sql.push(", ").bind_as(format!("|{key}|"), Cast::Text).push(", '|')");
        }
        sql.push(" = '|'");
    }
}
