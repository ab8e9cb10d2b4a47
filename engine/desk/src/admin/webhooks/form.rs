//! Making a webhook and changing one.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_kernel::Lang;
use kawasemi_store::record::write::Kind;
use kawasemi_ui::Component;
use kawasemi_ui::field::{Choice, FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_webhook::{Subscription, WebhookError};
use uuid::Uuid;

use super::super::{page, site};
use super::{PATH, acts, href, kind_label};
use crate::auth::again;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{answer, done_at};

/// What stands in the form.
#[derive(Default)]
struct Typed {
    title: String,
    ledger: String,
    url: String,
    kinds: Vec<String>,
    filter: String,
    login: String,
    content: String,
    /// Mistakes by field.
    mistakes: Vec<(&'static str, String)>,
}

impl Typed {
    fn of(entries: &Entries) -> Self {
        let text = |name: &str| entries.text(name).to_owned();
        Self {
            title: text("title"),
            ledger: text("ledger"),
            url: text("url"),
            kinds: entries.all("kinds").filter(|key| !key.is_empty()).map(str::to_owned).collect(),
            filter: text("filter"),
            login: text("login"),
            content: text("content"),
            mistakes: Vec::new(),
        }
    }

    /// What is wanted, if it can be made out.
    async fn subscription(&mut self, cx: &Cx) -> Result<Option<Subscription>, Problem> {
        for (field, value, said) in [
            ("title", &self.title, "名前を入力してください。"),
            ("url", &self.url, "送り先のアドレスを入力してください。"),
            ("ledger", &self.ledger, "台帳を選んでください。"),
            ("login", &self.login, "利用者名を入力してください。"),
        ] {
            if value.is_empty() {
                self.mistakes.push((field, said.to_owned()));
            }
        }
        let kinds: Vec<Kind> = self.kinds.iter().filter_map(|key| Kind::from_key(key)).collect();
        if kinds.is_empty() {
            self.mistakes.push(("kinds", "知らせることを一つ以上選んでください。".to_owned()));
        }
        let account = match self.login.as_str() {
            "" => None,
            login => cx.city().identity.lookup_account(cx.context(), login).await?,
        };
        let Some(account) = account else {
            if self.login.is_empty() {
                return Ok(None);
            }
            let said =
                "この利用者名の利用者はいません。「利用者」で確かめるか、システム連携用の利用者を登録してください。";
            self.mistakes.push(("login", said.to_owned()));
            return Ok(None);
        };
        let filter = Some(self.filter.clone()).filter(|text| !text.is_empty());
        let (title, ledger, url) = (self.title.clone(), self.ledger.clone(), self.url.clone());
        let with_fields = self.content == "fields";
        // Else an administrator, who sees no content, would have it sent in the name of somebody who does.
        let is_persons =
            account.summary.kind.is_staff() && cx.context().act.actor.account() != Some(account.summary.id);
        if with_fields && is_persons {
            let said = "内容を送れるのは、システム連携用の利用者か自分の権限だけです。ほかの職員の権限では、記録のIDだけを送れます。";
            self.mistakes.push(("login", said.to_owned()));
        }
        let wanted = Subscription { title, ledger, url, kinds, filter, account: account.summary.id, with_fields };
        Ok(self.mistakes.is_empty().then_some(wanted))
    }

    fn refuse(&mut self, field: &'static str, message: String) {
        self.mistakes.push((if field == "account" { "login" } else { field }, message));
    }
}

/// `GET /desk/admin/webhooks/new`
pub async fn empty(cx: Cx) -> Result<Response, Problem> {
    let kinds = Kind::ALL.map(|kind| kind.key().to_owned()).to_vec();
    let typed = Typed { kinds, content: "ids".to_owned(), ..Typed::default() };
    Ok(show(&cx, &typed, None))
}

/// `POST /desk/admin/webhooks/new`
pub async fn add(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let mut typed = Typed::of(&entries);
    let Some(wanted) = typed.subscription(&cx).await? else { return Ok(show(&cx, &typed, None)) };
    match cx.city().webhooks.add(cx.context(), wanted).await {
        Ok((id, secret)) => Ok(acts::secret_shown(&cx, id, &secret, "Webhookを作りました")),
        Err(WebhookError::Invalid { field, message }) => {
            typed.refuse(field, message);
            Ok(show(&cx, &typed, None))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /desk/admin/webhooks/{id}/edit`
pub async fn edit(cx: Cx, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let known = cx.city().webhooks.get(cx.context(), id).await?.subscription;
    let account = cx.city().identity.account(cx.context(), known.account).await?;
    let kinds = if known.kinds.is_empty() { Kind::ALL.to_vec() } else { known.kinds };
    let typed = Typed {
        title: known.title,
        ledger: known.ledger,
        url: known.url,
        kinds: kinds.into_iter().map(|kind| kind.key().to_owned()).collect(),
        filter: known.filter.unwrap_or_default(),
        login: account.summary.login,
        content: if known.with_fields { "fields" } else { "ids" }.to_owned(),
        mistakes: Vec::new(),
    };
    Ok(show(&cx, &typed, Some(id)))
}

/// `POST /desk/admin/webhooks/{id}/edit`
pub async fn change(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let mut typed = Typed::of(&entries);
    typed.ledger = cx.city().webhooks.get(cx.context(), id).await?.subscription.ledger;
    let Some(wanted) = typed.subscription(&cx).await? else { return Ok(show(&cx, &typed, Some(id))) };
    match cx.city().webhooks.change(cx.context(), id, wanted).await {
        Ok(()) => Ok(done_at(&href(id), "saved")),
        Err(WebhookError::Invalid { field, message }) => {
            typed.refuse(field, message);
            Ok(show(&cx, &typed, Some(id)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The form; of a webhook that is there, or of a new one.
fn show(cx: &Cx, typed: &Typed, known: Option<Uuid>) -> Response {
    let fields = fields(cx, typed, known.is_none()).into_iter().map(|field| {
        let mistakes: Vec<String> =
            typed.mistakes.iter().filter(|(key, _)| *key == field.key).map(|(_, said)| said.clone()).collect();
        mistakes.into_iter().fold(field, FieldView::error)
    });
    let (action, back, submit) = match known {
        Some(id) => (format!("{}/edit", href(id)), href(id), "保存する"),
        None => (format!("{PATH}/new"), PATH.to_owned(), "作る"),
    };
    let form = Form::new(cx.lang(), action).fields(fields.collect()).submit(submit).cancel(back);
    let mistaken = form.has_mistakes();
    let site = site(cx);
    let title = if known.is_some() { "Webhookの変更" } else { "Webhookを作る" };
    let mut page = page(&site, title).crumb("Webhook", PATH);
    if let Some(id) = known {
        page = page.crumb(&typed.title, href(id));
    }
    answer(page.body(form.html()), mistaken)
}

fn fields(cx: &Cx, typed: &Typed, is_new: bool) -> Vec<FieldView> {
    let catalogue = cx.catalogue();
    let ledgers: Vec<Choice> = catalogue
        .iter()
        .filter(|ledger| is_new || ledger.def.key == typed.ledger)
        .map(|ledger| Choice::new(&ledger.def.key, ledger.def.title.get(Lang::Ja)))
        .collect();
    let kinds = Kind::ALL.map(|kind| Choice::new(kind.key(), kind_label(kind))).to_vec();
    let contents =
        vec![Choice::new("ids", "記録のIDだけ"), Choice::new("fields", "IDと、上の利用者に見える項目の内容")];
    let ledger_field = FieldView::new("ledger", "台帳", FieldKind::Choice { choices: ledgers })
        .value(typed.ledger.as_str())
        .required();
    let ledger_field = if is_new { ledger_field } else { ledger_field.hint("台帳は変えられません。") };
    vec![
        FieldView::new("title", "名前", FieldKind::Text { max: Some(100) })
            .hint("何のためのものかを書きます。例：GISへの公園の反映")
            .value(typed.title.as_str())
            .required(),
        FieldView::new("url", "送り先のアドレス", FieldKind::Url)
            .hint("https:// から始まるアドレス。庁内のアドレスへ送るには、運用の設定（webhooks.allow）が要ります。")
            .value(typed.url.as_str())
            .required(),
        ledger_field,
        FieldView::new("kinds", "知らせること", FieldKind::ManyChoices { choices: kinds })
            .value(typed.kinds.clone())
            .required(),
        FieldView::new("filter", "条件", FieldKind::LongText { max: Some(2000) })
            .hint("当てはまる記録だけを知らせます。空のままにするとすべてです。例：state = 'closed'")
            .value(typed.filter.as_str()),
        FieldView::new("login", "だれの権限で知らせるか（利用者名）", FieldKind::Text { max: None })
            .hint("この利用者に見える記録と項目だけを知らせます。権限が変わればすぐに従います。システム連携用の利用者を作るのがおすすめです。")
            .value(typed.login.as_str())
            .required(),
        FieldView::new("content", "送る内容", FieldKind::Choice { choices: contents })
            .hint("IDだけを送り、受け取る側がAPIで読みに来る形がいちばん安全です。")
            .value(typed.content.as_str())
            .required(),
    ]
}
