//! The people whom a visitor of the demo city can be.

use anyhow::Context as _;
use kawasemi_identity::{NewAccount, RoleAssignment, Roles};
use kawasemi_registry::register;

use crate::shell::{OpenCity, Shell};

/// The password of every demo account. It is printed, and so no secret: a demo city must not be served to the internet.
pub const PASSWORD: &str = "kingfisher by the river";

/// A demo account.
pub struct DemoAccount {
    /// The name typed to sign in.
    pub login: &'static str,
    /// Who it is, in a few words.
    pub who: &'static str,
    /// The section and the title of the post by which the person is found; none for nobody of the staff.
    post: Option<(&'static str, &'static str)>,
    roles: &'static [&'static str],
}

/// The demo accounts, the administrator first. The administrator is made last: a city with it is whole.
pub const ACCOUNTS: [DemoAccount; 8] = [
    DemoAccount {
        login: "admin",
        who: "システム管理者",
        post: None,
        roles: &["admin", "organisation-editor", "reference-editor"],
    },
    DemoAccount {
        login: "kikaku",
        who: "企画課（方針の取りまとめ）",
        post: Some(("planning-policy", "係長")),
        roles: &["policy-planner", "ledger-designer"],
    },
    DemoAccount {
        login: "fukushi",
        who: "福祉総務課（福祉部の方針の担当）",
        post: Some(("welfare-general", "係長")),
        roles: &["policy-editor", "demo-welfare", "party-editor", "protection-officer"],
    },
    DemoAccount {
        login: "madoguchi",
        who: "市民課の窓口",
        post: Some(("civic-counter", "主事")),
        roles: &["demo-counter", "party-editor"],
    },
    DemoAccount {
        login: "shokuin",
        who: "道路管理課の職員",
        post: Some(("engineering-roads", "主事")),
        roles: &["ledger-designer"],
    },
    DemoAccount { login: "kansa", who: "監査担当", post: None, roles: &["auditor"] },
    DemoAccount { login: "hogo", who: "個人情報保護担当（起案）", post: None, roles: &["privacy-officer"] },
    DemoAccount {
        login: "hogo2", who: "個人情報保護担当（決定）", post: None, roles: &["privacy-officer"]
    },
];

/// The number of the member of staff behind a demo account.
pub fn employee_number<'a>(login: &str, staff: &'a [kawasemi_registry::personnel_file::StaffRow]) -> Option<&'a str> {
    let (department, title) = ACCOUNTS.iter().find(|account| account.login == login)?.post?;
    staff.iter().find(|row| row.department == department && row.title == title).map(|row| row.employee_number.as_str())
}

/// Makes the accounts.
///
/// # Errors
/// When one can't be made.
pub async fn load(
    shell: &Shell,
    open: &OpenCity,
    staff: &[kawasemi_registry::personnel_file::StaffRow],
    password: &str,
) -> anyhow::Result<()> {
    let context = shell.context("デモの市");
    let roles = Roles::new(&shell.offer.roles);
    for account in ACCOUNTS.iter().rev() {
        let person = account.post.and_then(|(department, title)| {
            staff.iter().find(|row| row.department == department && row.title == title)
        });
        let mut new = NewAccount::staff(account.login).with_password(password);
        new.display_name = person.map_or_else(|| account.who.to_owned(), |row| row.name.name.clone());
        if let Some(row) = person {
            let found = register::staff(&open.ledgers, &context, &row.employee_number).await?;
            new.person = Some(found.context("the demo's staff was loaded")?.0);
        }
        let id = open.identity.add_account(&context, new).await?;
        for role in account.roles {
            open.identity.assign_role(&context, &roles, id, RoleAssignment::of(*role)).await?;
        }
    }
    kawasemi_registry::sync_departments(&open.ledgers, &open.identity, &context).await?;
    Ok(())
}
