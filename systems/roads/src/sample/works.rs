//! Construction works with their papers.

use jiff::ToSpan as _;

use super::streets::point;
use super::{Loading, MARK, Route, tenths};
use crate::definitions::{PAPER, WORK};
use crate::kernel::{Value, YearMonth};
use crate::ledger::{Draft, LedgerError};

impl Loading {
    pub(super) async fn works(&mut self, routes: &[Route]) -> Result<(), LedgerError> {
        for n in 0..3_i64 {
            let route = &routes[usize::try_from(n).unwrap_or(0) * 4 % routes.len()];
            let at = route.points[1];
            let this = YearMonth::of(self.work.context.today());
            let before = YearMonth::of(self.day((-1).months()));
            // The second work is behind.
            let behind = if n == 1 { 180 } else { 0 };
            let monthly = self.rows([
                [
                    ("month", Value::YearMonth(before)),
                    ("planned_percent", tenths(300)),
                    ("actual_percent", tenths(290)),
                ],
                [
                    ("month", Value::YearMonth(this)),
                    ("planned_percent", tenths(550)),
                    ("actual_percent", tenths(560 - behind)),
                ],
            ]);
            let schedule = self.rows([
                [("item", "準備工".into()), ("weight_percent", tenths(100)), ("done_percent", tenths(1_000))],
                [("item", "舗装打換え工".into()), ("weight_percent", tenths(700)), ("done_percent", tenths(450))],
                [("item", "区画線工".into()), ("weight_percent", tenths(200)), ("done_percent", tenths(0))],
            ]);
            let checks = self.rows([
                [
                    ("kind", "stage".into()),
                    ("item", "路盤の厚さ".into()),
                    ("planned_on", self.in_days(-20).into()),
                    ("done_on", self.in_days(-20).into()),
                    ("result", "passed".into()),
                    ("checked_by", "主任監督員（見本）".into()),
                ],
                [
                    ("kind", "attendance".into()),
                    ("item", "表層の転圧".into()),
                    ("planned_on", self.in_days(10).into()),
                    ("done_on", Value::Null),
                    ("result", Value::Null),
                    ("checked_by", Value::Null),
                ],
            ]);
            let draft = Draft::new()
                .with("work_number", format!("{MARK}-{:02}", n + 1))
                .with("title", format!("{}舗装補修工事（{MARK}）", route.name))
                .with("state", "under-way")
                .with("route", route.id)
                .with("place", format!("{}地内", self.ground.town(at)))
                .with("position", point(at))
                .with("contractor_name", "見本道路建設株式会社")
                .with("contracted_on", self.in_days(-80))
                .with("starts_on", self.in_days(-75))
                .with("ends_on", self.in_days(45))
                .with("amount_yen", 24_800_000 + n * 3_100_000)
                .with("schedule", schedule)
                .with("monthly", monthly)
                .with("checks", checks)
                .with("note", MARK);
            let work = self.create(WORK, draft).await?;
            self.papers(work).await?;
        }
        Ok(())
    }

    async fn papers(&mut self, work: crate::kernel::RecordId) -> Result<(), LedgerError> {
        let papers = [
            ("plan", "contractor", "submission", "施工計画書の提出", "approved"),
            ("meeting", "city", "instruction", "交通規制の時間帯について", "approved"),
            ("meeting", "contractor", "consultation", "既設の側溝の高さについて", "submitted"),
            ("material", "contractor", "submission", "アスファルト混合物の材料確認", "checked"),
            ("meeting", "contractor", "report", "近隣への工事の案内", "draft"),
        ];
        for (n, (category, issuer, kind, title, state)) in (1_i64..).zip(papers) {
            let at = crate::kernel::context::start_of(self.in_days(-30 + n));
            let stamps = self.rows((state == "approved").then(|| {
                [
                    ("at", Value::Instant(at)),
                    ("who", "総括監督員（見本）".into()),
                    ("post", "chief".into()),
                    ("what", "approved".into()),
                ]
            }));
            let draft = Draft::new()
                .with("work", work)
                .with("paper_number", n)
                .with("category", category)
                .with("issuer", issuer)
                .with("issued_on", self.in_days(-40 + n * 5))
                .with("kind", kind)
                .with("title", title)
                .with("content", format!("{MARK}の内容です。"))
                .with("state", state)
                .with("stamps", stamps);
            self.create(PAPER, draft).await?;
        }
        Ok(())
    }
}
