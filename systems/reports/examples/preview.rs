use std::net::SocketAddr;
use std::sync::Arc;
use kawasemi_platform::registry::handover::Inventory;
use kawasemi_platform::Work;
use kawasemi_testkit::desk::{Setup, tables};
use kawasemi_testkit::TestCity;

fn main() {
    kawasemi_testkit::run_on_sqlite(tables(), async |fixture| {
        let make = || kawasemi_reports::system();
        let system = make();
        let (calculators, parcels) = (system.calculators.clone(), system.parcels.clone());
        let (site, pages) = system.into_site();
        let setup = Setup { systems: vec![site], pages, calculators, parcels, ..Setup::default() };
        let city = TestCity::with(fixture, setup).await;
        for (code, name) in [("d1", "道路管理課"), ("d2", "みどり公園課")] {
            let draft = kawasemi_platform::ledger::Draft::new().with("code", code).with("name", name).with("level", "section").with("first_fiscal_year", 2020_i64);
            city.city.ledgers.create(&city.system(), "department", draft).await.unwrap();
        }
        let work = Work {
            city: city.city.city.clone(), ledgers: city.city.ledgers.clone(), identity: city.city.identity.clone(),
            context: city.system(), inventory: Arc::new(Inventory::new(&city.city.ledgers, &city.city.identity)),
            ids: fixture.ids.clone(), arguments: Vec::new(), progress: Arc::new(|_, _| {}),
        };
        println!("{}", (make().sample.unwrap())(work).await.unwrap().text);
        city.account("uketsuke", &["report-triage", "report-headquarters"]).await;
        println!("password {}", kawasemi_testkit::desk::PASSWORD);
        let router = kawasemi_platform::desk::router(city.desk.clone(), make().into_site().1);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:8391").await.unwrap();
        axum::serve(listener, router_service(router)).await.unwrap();
    });
}

fn router_service(router: axum::Router) -> axum::extract::connect_info::IntoMakeServiceWithConnectInfo<axum::Router, SocketAddr> {
    router.into_make_service_with_connect_info::<SocketAddr>()
}
