//! Fixtures for tests: a city on each store, a clock that stands still, ids that count.
//!
//! A test of anything that touches the store is written once and runs on SQLite and on PostgreSQL:
//!
//! ```
//! kawasemi_testkit::on_both_stores! {
//!     async fn a_city_knows_its_name(fixture) {
//!         assert_eq!(fixture.city.info().name, "綾瀬市");
//!     }
//! }
//! ```
//!
//! PostgreSQL is started by the first test that needs it and shared by all ([`postgres`]); set `KAWASEMI_TEST_PG_URL` to use
//! a server of your own.

#[cfg(feature = "bucket")]
pub mod bucket;
pub mod certificates;
#[cfg(feature = "desk")]
pub mod desk;
pub mod directory;
pub mod fixture;
pub mod postgres;

#[cfg(feature = "desk")]
pub use desk::{Answer, Browser, TestCity};
pub use fixture::{Fixture, run_on_postgres, run_on_sqlite};

/// Declares tests that run on both stores. Each becomes a module with the tests `sqlite` and `postgres`.
///
/// `tables = EXPRESSION;` before the tests gives every city the tables of an engine.
#[macro_export]
macro_rules! on_both_stores {
    (tables = $tables:expr; $(async fn $name:ident($fixture:ident) $body:block)+) => {
        $(
            mod $name {
                #[allow(unused_imports, reason = "not every test uses what its file imports")]
                use super::*;

                async fn story($fixture: &$crate::Fixture) $body

                #[test]
                fn sqlite() {
                    $crate::run_on_sqlite($tables, async |fixture| story(fixture).await);
                }

                #[test]
                fn postgres() {
                    $crate::run_on_postgres($tables, async |fixture| story(fixture).await);
                }
            }
        )+
    };
    ($(async fn $name:ident($fixture:ident) $body:block)+) => {
        $crate::on_both_stores! { tables = Vec::new(); $(async fn $name($fixture) $body)+ }
    };
}
