//! What somebody's service comes to (在職・配属・休業) as orders are taken, one after another. Pure: rows of the registers in,
//! rows as they will be out; nothing is written.

use jiff::ToSpan as _;
use jiff::civil::Date;
use kawasemi_identity::{Absence, AbsenceKind};
use kawasemi_kernel::RecordId;
use kawasemi_kernel::fiscal::FiscalYear;

use super::kind::OrderKind;
use crate::personnel_file::{AssignmentKind, Rank};

/// An order whose person and department are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The record of the order, once there is one.
    pub id: Option<RecordId>,
    /// The member of staff.
    pub staff: RecordId,
    /// What is ordered.
    pub kind: OrderKind,
    /// From which day; the last day of service for a retirement.
    pub effective_on: Date,
    /// Until which day.
    pub until: Option<Date>,
    /// The department.
    pub department: Option<RecordId>,
    /// The title of the post; empty to leave it open.
    pub title: String,
    /// The rank of the post.
    pub rank: Option<Rank>,
}

impl Order {
    /// The first day on which something is different.
    pub fn first_day(&self) -> Date {
        match self.kind {
            OrderKind::Retirement => self.effective_on.saturating_add(1.day()),
            _ => self.effective_on,
        }
    }
}

/// A post that is held from one day to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPost {
    /// The record of the assignment, once there is one.
    pub record: Option<RecordId>,
    /// The department.
    pub department: RecordId,
    /// The title; empty where it is not known.
    pub title: String,
    /// The rank, where it is known.
    pub rank: Option<Rank>,
    /// Main, concurrent or acting.
    pub kind: AssignmentKind,
    /// The first day.
    pub starts_on: Date,
    /// The last day.
    pub ends_on: Option<Date>,
}

/// Days of service; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The first day; none where the register does not know it.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

/// A time in which somebody is away and rights rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// By which order.
    pub kind: OrderKind,
    /// The first day.
    pub from: Date,
    /// The last day, once it is known.
    pub until: Option<Date>,
}

/// What the registers say of one member of staff, and orders make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Career {
    /// Times of service, in order.
    pub service: Vec<Service>,
    /// Posts.
    pub posts: Vec<HeldPost>,
    /// Times away.
    pub away: Vec<Away>,
}

impl HeldPost {
    /// Whether it is held on a day.
    pub fn is_on(&self, day: Date) -> bool {
        self.starts_on <= day && self.ends_on.is_none_or(|last| day <= last)
    }
}

impl Service {
    fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

impl Away {
    fn contains(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

impl Career {
    /// A career as the registers have it; who was appointed for a term leaves with its end.
    pub fn new(hired_on: Option<Date>, left_on: Option<Date>, posts: Vec<HeldPost>) -> Self {
        let latest = posts.iter().filter(|post| post.kind == AssignmentKind::Main).max_by_key(|post| post.starts_on);
        let term = latest.filter(|post| post.rank == Some(Rank::FiscalYear)).and_then(|post| post.ends_on);
        let service = Service { from: hired_on, until: left_on.or(term) };
        Self { service: vec![service], posts, away: Vec::new() }
    }

    /// A career that has not begun.
    pub const fn not_begun() -> Self {
        Self { service: Vec::new(), posts: Vec::new(), away: Vec::new() }
    }

    /// Whether somebody is in service on a day.
    pub fn is_in_service(&self, day: Date) -> bool {
        self.service.iter().any(|service| service.contains(day))
    }

    /// Why somebody is away on a day.
    pub fn away_on(&self, day: Date) -> Option<&Away> {
        self.away.iter().find(|away| away.contains(day))
    }

    /// The posts that are held on a day, the main one first.
    pub fn posts_on(&self, day: Date) -> Vec<&HeldPost> {
        let mut posts: Vec<&HeldPost> = self.posts.iter().filter(|post| post.is_on(day)).collect();
        posts.sort_by_key(|post| (post.kind != AssignmentKind::Main, post.starts_on));
        posts
    }

    /// When rights rest or do not exist, as identity keeps it.
    pub fn absences(&self) -> Vec<Absence> {
        let leave = |away: &Away| Absence { kind: AbsenceKind::Leave, from: Some(away.from), until: away.until };
        let mut absences: Vec<Absence> = self.away.iter().map(leave).collect();
        let mut services = self.service.clone();
        services.sort_by_key(|service| service.from);
        // What lies between times of service, before the first and after the last.
        let mut gap = Some(None);
        for service in &services {
            if let (Some(from), Some(first)) = (gap, service.from) {
                let until = first.yesterday().ok();
                if from.is_none_or(|from: Date| Some(from) <= until) {
                    absences.push(Absence { kind: AbsenceKind::OutOfService, from, until });
                }
            }
            gap = service.until.and_then(|until| until.tomorrow().ok()).map(Some);
        }
        if let Some(from) = gap {
            absences.push(Absence { kind: AbsenceKind::OutOfService, from, until: None });
        }
        absences
    }

    /// Takes an order that is in the registers already, for what only orders tell: when somebody is away.
    pub fn remember(&mut self, order: &Order) {
        let from = order.effective_on;
        match order.kind {
            kind if kind.begins_absence() => self.away.push(Away { kind, from, until: order.until }),
            OrderKind::Return => drop(self.come_back(from)),
            _ => {}
        }
    }

    /// Takes an order.
    ///
    /// # Errors
    /// Why it can't be, in a sentence; the career is then as it was or of no further use.
    pub fn take(&mut self, order: &Order) -> Result<(), String> {
        let day = order.effective_on;
        if !order.kind.begins_service() && !self.is_in_service(day) {
            return Err(self.not_in_service(day));
        }
        match order.kind {
            OrderKind::Hire | OrderKind::FiscalYearAppointment | OrderKind::ReAppointment => self.begin_service(order),
            OrderKind::Transfer | OrderKind::Reassignment | OrderKind::Promotion | OrderKind::Demotion => {
                self.set_main(order)
            }
            OrderKind::Concurrent | OrderKind::Acting => self.add_post(order),
            OrderKind::ConcurrentEnd => self.end_further_post(order),
            OrderKind::Leave | OrderKind::ChildcareLeave | OrderKind::Dispatch => self.go_away(order),
            OrderKind::Secondment => {
                self.go_away(order)?;
                self.end_posts(day.saturating_sub(1.day()))
            }
            OrderKind::Return => {
                self.come_back(day)?;
                if order.department.is_some() { self.set_main(order) } else { Ok(()) }
            }
            OrderKind::Retirement => self.leave_service(day),
        }
    }

    fn not_in_service(&self, day: Date) -> String {
        let before = self.service.iter().filter_map(|service| service.from).find(|from| *from > day);
        let after = self.service.iter().filter_map(|service| service.until).rfind(|until| *until < day);
        match (before, after) {
            (Some(from), _) => format!("{day}は採用（{from}）より前です。発令日を確かめてください。"),
            (None, Some(until)) => format!("{day}は退職・任期満了（{until}）より後です。発令日を確かめてください。"),
            (None, None) => format!("{day}には在職していません。先に採用の発令を取り込んでください。"),
        }
    }

    fn begin_service(&mut self, order: &Order) -> Result<(), String> {
        let from = order.effective_on;
        let end = FiscalYear::of(from).last_day();
        let until = match order.kind {
            OrderKind::FiscalYearAppointment if order.until.is_some_and(|until| until > end) => {
                return Err(format!(
                    "会計年度任用の任期は、任用した年度の末日（{end}）までです（地方公務員法第22条の2）。"
                ));
            }
            OrderKind::FiscalYearAppointment => order.until.or(Some(end)),
            _ => order.until,
        };
        let overlaps = |service: &&Service| {
            service.until.is_none_or(|last| from <= last)
                && service.from.is_none_or(|first| until.is_none_or(|u| first <= u))
        };
        if let Some(service) = self.service.iter().find(overlaps) {
            // The register knows who will be hired before it happens: the order says the same again.
            if service.from != Some(from) || !self.posts.is_empty() {
                return Err(format!("{from}にはすでに在職しています。異動なら転任・配置換の発令にしてください。"));
            }
            self.service.retain(|service| service.from != Some(from));
        }
        self.service.push(Service { from: Some(from), until });
        self.service.sort_by_key(|service| service.from);
        self.end_posts(from.saturating_sub(1.day()))?;
        self.set_main(&Order { until, ..order.clone() })
    }

    fn set_main(&mut self, order: &Order) -> Result<(), String> {
        let day = order.effective_on;
        let is_main = |post: &HeldPost| post.kind == AssignmentKind::Main;
        if let Some(later) = self.posts.iter().find(|post| is_main(post) && post.starts_on > day) {
            return Err(format!("{}から始まる別の配属があります。先に後の発令を確かめてください。", later.starts_on));
        }
        let present = self.posts.iter().find(|post| is_main(post) && post.is_on(day)).cloned();
        let Some(department) = order.department.or(present.as_ref().map(|post| post.department)) else {
            return Err("主務の配属がないため、所属（部局コード）が要ります。".to_owned());
        };
        let keeps = present.as_ref().filter(|_| order.title.is_empty());
        let title = keeps.map_or_else(|| order.title.clone(), |post| post.title.clone());
        let rank = order.rank.or_else(|| keeps.and_then(|post| post.rank));
        // What began the same day is corrected, not ended before it began.
        self.posts.retain(|post| !(is_main(post) && post.starts_on == day));
        for post in self.posts.iter_mut().filter(|post| is_main(post) && post.is_on(day)) {
            post.ends_on = day.yesterday().ok();
        }
        let (kind, starts_on, ends_on) = (AssignmentKind::Main, day, order.until);
        self.posts.push(HeldPost { record: None, department, title, rank, kind, starts_on, ends_on });
        Ok(())
    }

    fn add_post(&mut self, order: &Order) -> Result<(), String> {
        let department = order.department.ok_or("兼務には所属（部局コード）が要ります。")?;
        let kind = if order.kind == OrderKind::Acting { AssignmentKind::Acting } else { AssignmentKind::Concurrent };
        let day = order.effective_on;
        let same = |post: &&HeldPost| post.department == department && post.kind == kind && post.is_on(day);
        if self.posts.iter().any(|post| same(&post) && post.title == order.title) {
            return Err("同じ部局の同じ職をすでに兼ねています。".to_owned());
        }
        let (title, rank, ends_on) = (order.title.clone(), order.rank, order.until);
        self.posts.push(HeldPost { record: None, department, title, rank, kind, starts_on: day, ends_on });
        Ok(())
    }

    fn end_further_post(&mut self, order: &Order) -> Result<(), String> {
        let day = order.effective_on;
        let ends = |post: &HeldPost| {
            post.kind != AssignmentKind::Main
                && post.is_on(day)
                && order.department.is_none_or(|department| department == post.department)
        };
        let found = self.posts.iter().filter(|post| ends(post)).count();
        if found == 0 {
            return Err("解除する兼務がありません。部局と発令日を確かめてください。".to_owned());
        }
        if found > 1 && order.department.is_none() {
            return Err("兼務が二つ以上あります。どの兼務を解除するか、所属（部局コード）を入れてください。".to_owned());
        }
        self.posts.retain(|post| !(ends(post) && post.starts_on == day));
        for post in self.posts.iter_mut().filter(|post| ends(post)) {
            post.ends_on = day.yesterday().ok();
        }
        Ok(())
    }

    fn go_away(&mut self, order: &Order) -> Result<(), String> {
        let (from, until) = (order.effective_on, order.until);
        let overlaps =
            |away: &&Away| away.until.is_none_or(|last| from <= last) && until.is_none_or(|last| away.from <= last);
        if let Some(away) = self.away.iter().find(overlaps) {
            let until = away.until.map_or_else(|| "（終了日の定めなし）".to_owned(), |until| until.to_string());
            return Err(format!("{}（{}から{until}まで）と期間が重なっています。", away.kind.label(), away.from));
        }
        self.away.push(Away { kind: order.kind, from, until });
        Ok(())
    }

    fn come_back(&mut self, day: Date) -> Result<(), String> {
        let eve = day.saturating_sub(1.day());
        let away = self.away.iter_mut().find(|away| away.contains(eve));
        let away = away.ok_or("前日まで続く休職・休業・派遣・出向がありません。発令日を確かめてください。")?;
        away.until = Some(eve);
        Ok(())
    }

    fn leave_service(&mut self, last: Date) -> Result<(), String> {
        if let Some(later) = self.posts.iter().find(|post| post.starts_on > last) {
            return Err(format!(
                "退職の後の{}から始まる配属があります。先に後の発令を確かめてください。",
                later.starts_on
            ));
        }
        for service in self.service.iter_mut().filter(|service| service.contains(last)) {
            service.until = Some(last);
        }
        self.end_posts(last)
    }

    /// Ends every post that goes on after a day.
    fn end_posts(&mut self, last: Date) -> Result<(), String> {
        self.posts.retain(|post| post.starts_on <= last);
        for post in self.posts.iter_mut().filter(|post| post.ends_on.is_none_or(|end| end > last)) {
            post.ends_on = Some(last);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> RecordId {
        RecordId(Uuid::from_u128(n))
    }

    fn order(kind: OrderKind, day: Date, department: u128) -> Order {
        let department = (department > 0).then(|| id(department));
        let title = "主査".to_owned();
        Order { id: None, staff: id(100), kind, effective_on: day, until: None, department, title, rank: None }
    }

    fn post(department: u128, kind: AssignmentKind) -> HeldPost {
        let (department, starts_on) = (id(department), date(2024, 4, 1));
        HeldPost { record: None, department, title: "主事".into(), rank: None, kind, starts_on, ends_on: None }
    }

    fn career() -> Career {
        let posts = vec![post(1, AssignmentKind::Main), post(7, AssignmentKind::Concurrent)];
        Career::new(Some(date(2020, 4, 1)), None, posts)
    }

    const MARCH: Date = date(2027, 3, 31);
    const APRIL: Date = date(2027, 4, 1);

    fn departments(career: &Career, day: Date) -> Vec<u128> {
        career.posts_on(day).iter().map(|post| post.department.0.as_u128()).collect()
    }

    #[test]
    fn a_transfer_ends_the_main_post_and_leaves_the_concurrent_one() {
        let mut career = career();
        career.take(&order(OrderKind::Transfer, APRIL, 2)).expect("is taken");
        assert_eq!((departments(&career, MARCH), departments(&career, APRIL)), (vec![1, 7], vec![2, 7]));
        career.take(&order(OrderKind::ConcurrentEnd, APRIL, 0)).expect("is taken");
        assert_eq!(departments(&career, APRIL), [2]);
        // A correction of the same day takes the place of what it corrects.
        career.take(&order(OrderKind::Reassignment, APRIL, 3)).expect("is taken");
        assert_eq!((departments(&career, MARCH), departments(&career, APRIL)), (vec![1, 7], vec![3]));
    }

    #[test]
    fn a_retirement_is_in_service_on_its_day_and_a_re_appointment_begins_anew() {
        let mut career = career();
        career.take(&order(OrderKind::Retirement, MARCH, 0)).expect("is taken");
        assert!(career.is_in_service(MARCH) && !career.is_in_service(APRIL));
        let refused = career.clone().take(&order(OrderKind::Transfer, APRIL, 2)).expect_err("nobody is there");
        assert!(refused.contains("退職・任期満了（2027-03-31）より後"), "{refused}");
        career.take(&order(OrderKind::ReAppointment, APRIL, 2)).expect("is taken");
        assert!(career.is_in_service(APRIL));
        assert_eq!(departments(&career, APRIL), [2]);
        let out = |from, until| Absence { kind: AbsenceKind::OutOfService, from, until };
        assert_eq!(career.absences(), [out(None, Some(date(2020, 3, 31)))], "no day between the two services");
    }

    #[test]
    fn a_fiscal_year_term_ends_with_the_fiscal_year() {
        let mut career = Career::not_begun();
        let appointment = order(OrderKind::FiscalYearAppointment, APRIL, 1);
        let long = Order { until: Some(date(2028, 4, 1)), ..appointment.clone() };
        assert!(career.clone().take(&long).expect_err("is refused").contains("2028-03-31"));
        career.take(&appointment).expect("is taken");
        assert!(career.is_in_service(date(2028, 3, 31)) && !career.is_in_service(date(2028, 4, 1)));
        assert_eq!(career.absences().len(), 2);
    }

    #[test]
    fn leave_may_not_overlap_and_ends_with_the_return() {
        let mut career = career();
        let leave = Order { until: Some(date(2027, 9, 30)), ..order(OrderKind::Leave, APRIL, 0) };
        career.take(&leave).expect("is taken");
        let overlapping = career.clone().take(&order(OrderKind::ChildcareLeave, date(2027, 9, 30), 0));
        assert!(overlapping.expect_err("is refused").contains("重なっています"));
        career.take(&order(OrderKind::Return, date(2027, 7, 1), 0)).expect("is taken");
        assert!(career.away_on(date(2027, 6, 30)).is_some() && career.away_on(date(2027, 7, 1)).is_none());
        assert!(career.take(&order(OrderKind::Return, date(2027, 8, 1), 0)).is_err());
    }

    #[test]
    fn nothing_is_ordered_before_hiring() {
        let refused = career().take(&order(OrderKind::Transfer, date(2020, 3, 1), 2)).expect_err("is refused");
        assert!(refused.contains("採用（2020-04-01）より前"), "{refused}");
        assert!(career().take(&order(OrderKind::Hire, APRIL, 2)).is_err(), "is in service already");
    }

    #[test]
    fn a_secondment_gives_up_the_posts_and_a_dispatch_keeps_them() {
        let (mut gone, mut sent) = (career(), career());
        gone.take(&order(OrderKind::Secondment, APRIL, 0)).expect("is taken");
        sent.take(&order(OrderKind::Dispatch, APRIL, 0)).expect("is taken");
        assert!(departments(&gone, APRIL).is_empty() && gone.away_on(APRIL).is_some());
        assert_eq!(departments(&sent, APRIL), [1, 7]);
        gone.take(&order(OrderKind::Return, date(2029, 4, 1), 5)).expect("is taken");
        assert_eq!(departments(&gone, date(2029, 4, 1)), [5]);
    }
}
