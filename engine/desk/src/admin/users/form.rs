//! Adding an account and changing one.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_identity::caller::AccountKind;
use kawasemi_identity::{AccountChange, IdentityError, NewAccount};
use kawasemi_kernel::RecordId;
use kawasemi_ui::Component;
use kawasemi_ui::field::{Choice, FieldKind, FieldView};
use kawasemi_ui::form::Form;
use uuid::Uuid;

use super::super::{page, site};
use super::{PATH, account, href, one_time};
use crate::auth::again;
use crate::problem::Problem;
use crate::registers::{number_of_person, person_by_number};
use crate::request::{Cx, Entries};
use crate::view::{answer, done_at};

/// What stands in the form.
#[derive(Default)]
struct Typed {
    login: String,
    display_name: String,
    mail: String,
    number: String,
    kind: String,
    proof: String,
    /// Mistakes by field; the empty key for the form as a whole.
    mistakes: Vec<(&'static str, String)>,
}

impl Typed {
    fn of(entries: &Entries) -> Self {
        let text = |name: &str| entries.text(name).to_owned();
        Self {
            login: text("login"),
            display_name: text("display_name"),
            mail: text("mail"),
            number: text("employee_number"),
            kind: text("kind"),
            proof: text("proof"),
            mistakes: Vec::new(),
        }
    }

    fn mail(&self) -> Option<String> {
        (!self.mail.is_empty()).then(|| self.mail.clone())
    }

    /// The member of staff; a mistake in the form if the number is unknown.
    async fn person(&mut self, cx: &Cx) -> Result<Option<RecordId>, Problem> {
        if self.number.is_empty() {
            return Ok(None);
        }
        let person = person_by_number(cx, &self.number).await?;
        if person.is_none() {
            let said = format!(
                "職員番号「{}」の職員は職員台帳にいません。番号を確かめるか、先に職員を登録してください。",
                self.number
            );
            self.mistakes.push(("employee_number", said));
        }
        Ok(person)
    }

    /// The kind; an account of an outside organisation is not made here.
    fn kind(&self) -> AccountKind {
        match self.kind.as_str() {
            "service" => AccountKind::Service,
            "vendor" => AccountKind::Vendor,
            _ => AccountKind::Staff,
        }
    }
}

/// `GET /desk/admin/users/new`
pub async fn empty(cx: Cx) -> Result<Response, Problem> {
    Ok(show_new(&cx, &Typed::default()))
}

/// `POST /desk/admin/users/new`
pub async fn add(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let mut typed = Typed::of(&entries);
    let person = typed.person(&cx).await?;
    if !typed.mistakes.is_empty() {
        return Ok(show_new(&cx, &typed));
    }
    let kind = typed.kind();
    let gets_password = kind.may_sign_in() && typed.proof != "none";
    let password = gets_password.then(|| one_time::password(cx.city().identity.entropy()));
    let new = NewAccount {
        login: typed.login.clone(),
        display_name: typed.display_name.clone(),
        kind,
        mail: typed.mail(),
        person,
        password: password.clone(),
        password_must_change: gets_password,
    };
    match cx.city().identity.add_account(cx.context(), new).await {
        Ok(id) => match password {
            Some(password) => {
                let added = account(&cx, id).await?;
                Ok(one_time::shown(&cx, &added.summary, &password, "利用者を登録しました"))
            }
            None => Ok(done_at(&href(id), "added")),
        },
        Err(error @ IdentityError::LoginTaken { .. }) => {
            typed.mistakes.push(("login", error.to_string()));
            Ok(show_new(&cx, &typed))
        }
        Err(IdentityError::Invalid(message)) => {
            typed.mistakes.push(("", message));
            Ok(show_new(&cx, &typed))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /desk/admin/users/{id}/edit`
pub async fn edit(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let found = account(&cx, id).await?;
    let number = match found.summary.person {
        Some(person) => number_of_person(&cx, person).await?,
        None => String::new(),
    };
    let typed = Typed {
        login: found.summary.login,
        display_name: found.summary.display_name,
        mail: found.mail.unwrap_or_default(),
        number,
        ..Typed::default()
    };
    Ok(show_edit(&cx, id, &typed))
}

/// `POST /desk/admin/users/{id}/edit`
pub async fn update(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    let found = account(&cx, id).await?;
    let mut typed = Typed { login: found.summary.login, ..Typed::of(&entries) };
    let person = typed.person(&cx).await?;
    if !typed.mistakes.is_empty() {
        return Ok(show_edit(&cx, id, &typed));
    }
    let change = AccountChange {
        display_name: Some(typed.display_name.clone()),
        mail: Some(typed.mail()),
        person: Some(person),
    };
    match cx.city().identity.update_account(cx.context(), id, change).await {
        Ok(()) => Ok(done_at(&href(id), "saved")),
        Err(IdentityError::Invalid(message)) => {
            typed.mistakes.push(("", message));
            Ok(show_edit(&cx, id, &typed))
        }
        Err(error) => Err(error.into()),
    }
}

fn show_new(cx: &Cx, typed: &Typed) -> Response {
    let kinds = [AccountKind::Staff, AccountKind::Service, AccountKind::Vendor]
        .map(|kind| Choice::new(kind.key(), kind.label()))
        .to_vec();
    let proofs = vec![
        Choice::new("one-time", "仮パスワードを発行する"),
        Choice::new("none", "発行しない（庁内の認証基盤を使う）"),
    ];
    let or = |value: &str, usual: &str| if value.is_empty() { usual.to_owned() } else { value.to_owned() };
    let mut fields = vec![
        FieldView::new("login", "利用者名", FieldKind::Text { max: Some(64) })
            .hint("サインインに使います。文字・数字と . _ - @ + が使えます。あとから変えられません。")
            .value(typed.login.as_str())
            .required(),
    ];
    fields.extend(common(typed));
    fields.push(
        FieldView::new("kind", "種別", FieldKind::Choice { choices: kinds })
            .hint("「システム連携用」はサインインできず、APIトークンだけを使います。「保守業者」は、承認された保守作業の間だけサインインできます。委託先などの外部団体の人は、担当職員が「外部の利用者」で登録します。")
            .value(or(&typed.kind, "staff"))
            .required(),
    );
    fields.push(
        FieldView::new("proof", "最初のサインイン", FieldKind::Choice { choices: proofs })
            .value(or(&typed.proof, "one-time"))
            .required(),
    );
    let form = Form::new(cx.lang(), format!("{PATH}/new")).submit("登録する").cancel(PATH);
    let form = with_mistakes(form, fields, typed);
    let mistaken = form.has_mistakes();
    let site = site(cx);
    answer(page(&site, "利用者の登録").crumb("利用者", PATH).body(form.html()), mistaken)
}

fn show_edit(cx: &Cx, id: Uuid, typed: &Typed) -> Response {
    let mut fields = vec![
        FieldView::new("login", "利用者名", FieldKind::Text { max: None }).value(typed.login.as_str()).read_only(),
    ];
    fields.extend(common(typed));
    let form = Form::new(cx.lang(), format!("{}/edit", href(id))).cancel(href(id));
    let form = with_mistakes(form, fields, typed);
    let mistaken = form.has_mistakes();
    let site = site(cx);
    let page = page(&site, "利用者の変更").crumb("利用者", PATH).crumb(&typed.login, href(id));
    answer(page.body(form.html()), mistaken)
}

/// The fields that both forms have.
fn common(typed: &Typed) -> [FieldView; 3] {
    [
        FieldView::new("display_name", "氏名", FieldKind::Text { max: Some(100) })
            .hint("画面と履歴に表示されます。")
            .value(typed.display_name.as_str()),
        FieldView::new("mail", "メールアドレス", FieldKind::Mail).value(typed.mail.as_str()),
        FieldView::new("employee_number", "職員番号", FieldKind::Text { max: Some(20) })
            .hint("職員台帳の番号を入力すると、配属に応じて所属が決まります。")
            .value(typed.number.as_str()),
    ]
}

fn with_mistakes(form: Form, fields: Vec<FieldView>, typed: &Typed) -> Form {
    let of = |key: &str| {
        typed.mistakes.iter().filter(move |(field, _)| *field == key).map(|(_, said)| said.clone()).collect()
    };
    let fields = fields.into_iter().map(|field| {
        let mistakes: Vec<String> = of(&field.key);
        mistakes.into_iter().fold(field, FieldView::error)
    });
    let general: Vec<String> = of("");
    general.into_iter().fold(form.fields(fields.collect()), Form::mistake)
}
