//! The shell of every page: header, navigation, breadcrumb, heading, notices, footer.
//!
//! A [`Site`] is what all pages of one request share; the web layer makes it once. A [`Page`] is one page of it.

use askama::Template;
use kawasemi_kernel::Lang;

use crate::notice::Notice;
use crate::{Component, Icon, SafeHtml, Text, assets, rare, words};

/// For whom the page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    Staff,
    Public,
}

/// What all pages of one request share.
#[derive(Clone, Debug)]
pub struct Site {
    /// The language of the shell.
    pub lang: Lang,
    /// The city's name: 綾瀬市.
    pub city_name: String,
    /// What this part of the program is called; the default is カワセミ for staff, the portal's name for residents.
    pub service_name: String,
    /// Where the name in the header leads.
    pub home_href: String,
    /// The global navigation.
    pub nav: Vec<NavItem>,
    /// The search box in the header.
    pub search: Option<SearchBox>,
    /// Who is signed in, with the menu below the name.
    pub user: Option<UserMenu>,
    /// Where to sign in, shown if nobody is.
    pub sign_in_href: Option<String>,
    /// The same page in other languages.
    pub languages: Vec<LanguageLink>,
    /// The links of the footer.
    pub footer: Vec<NavItem>,
    /// After how many seconds without use the page locks itself; none but at shared machines (窓口端末). The menu then has a button
    /// that locks at once.
    pub lock_after: Option<i64>,
    /// A sentence in a band above the page: this is a demo city, this is the training system.
    pub band: Option<String>,
    /// That the whole city is for practice (教育用の市): a loud band that stays, also on paper, and words in the window's title.
    pub practice: Option<Practice>,
    audience: Audience,
}

/// How a page says that it is for practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practice {
    /// The sentence of the band.
    pub band: String,
    /// What begins the window's title.
    pub title: String,
}

/// An entry of a navigation.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// The words.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// The icon before the words.
    pub icon: Option<Icon>,
    /// Whether the page lies in this part of the site.
    pub current: bool,
    /// How many things wait there; not shown for none.
    pub count: Option<u64>,
    /// The keys that lead there, such as `g h`.
    pub shortcut: Option<&'static str>,
}

impl NavItem {
    /// An entry with neither icon nor count.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into(), icon: None, current: false, count: None, shortcut: None }
    }

    /// Adds an icon.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Says whether the page lies in this part.
    #[must_use]
    pub fn current(mut self, current: bool) -> Self {
        self.current = current;
        self
    }

    /// Adds how many things wait there.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = (count > 0).then_some(count);
        self
    }

    /// Adds the keys that lead there.
    #[must_use]
    pub fn shortcut(mut self, keys: &'static str) -> Self {
        self.shortcut = Some(keys);
        self
    }
}

/// The search box in the header.
#[derive(Clone, Debug)]
pub struct SearchBox {
    /// Where the words go, as the parameter `q`.
    pub action: String,
    /// The words searched for at present.
    pub value: String,
}

/// The menu of the person who is signed in.
#[derive(Clone, Debug)]
pub struct UserMenu {
    /// The person's name.
    pub name: String,
    /// The department or role, as a note.
    pub note: String,
    /// The entries: my account, keys.
    pub items: Vec<NavItem>,
    /// Where the form that signs out is sent.
    pub sign_out_action: String,
}

/// The same page in another language.
#[derive(Clone, Debug)]
pub struct LanguageLink {
    /// The language.
    pub lang: Lang,
    /// The page's address in it.
    pub href: String,
}

impl Site {
    /// The staff desk.
    pub fn desk(lang: Lang, city_name: impl Into<String>) -> Self {
        Self::new(lang, city_name.into(), Audience::Staff, "/desk")
    }

    /// The public portal.
    pub fn portal(lang: Lang, city_name: impl Into<String>) -> Self {
        let home = if lang == Lang::Ja { "/".to_owned() } else { format!("/{lang}") };
        Self::new(lang, city_name.into(), Audience::Public, home)
    }

    fn new(lang: Lang, city_name: String, audience: Audience, home_href: impl Into<String>) -> Self {
        let words = words(lang);
        let service_name = match audience {
            Audience::Staff => words.get("service-desk"),
            Audience::Public => words.get("service-portal"),
        };
        Self {
            lang,
            city_name,
            service_name,
            home_href: home_href.into(),
            nav: Vec::new(),
            search: None,
            user: None,
            sign_in_href: None,
            languages: Vec::new(),
            footer: Vec::new(),
            lock_after: None,
            band: None,
            practice: None,
            audience,
        }
    }
}

/// A step of the way to the page.
#[derive(Clone, Debug)]
pub struct Crumb {
    /// The words.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// One page.
#[derive(Template)]
#[template(path = "page.html")]
pub struct Page<'a> {
    site: &'a Site,
    t: Text,
    title: String,
    lead: Option<String>,
    beside_title: SafeHtml,
    actions: SafeHtml,
    heading: bool,
    narrow: bool,
    crumbs: Vec<Crumb>,
    notices: Vec<Notice>,
    head: SafeHtml,
    body: SafeHtml,
    draft_clear: Option<String>,
    wrong: bool,
}

impl<'a> Page<'a> {
    /// A page with a title, which is also its heading.
    pub fn new(site: &'a Site, title: impl Into<String>) -> Self {
        Self {
            site,
            t: words(site.lang),
            title: title.into(),
            lead: None,
            beside_title: SafeHtml::EMPTY,
            actions: SafeHtml::EMPTY,
            heading: true,
            narrow: false,
            crumbs: Vec::new(),
            notices: Vec::new(),
            head: SafeHtml::EMPTY,
            body: SafeHtml::EMPTY,
            draft_clear: None,
            wrong: false,
        }
    }

    /// Sets what stands below the heading and the notices.
    #[must_use]
    pub fn body(mut self, body: SafeHtml) -> Self {
        self.body = body;
        self
    }

    /// Adds a sentence below the heading that says what the page is for.
    #[must_use]
    pub fn lead(mut self, lead: impl Into<String>) -> Self {
        self.lead = Some(lead.into());
        self
    }

    /// Adds a chip or two beside the heading.
    #[must_use]
    pub fn beside_title(mut self, html: SafeHtml) -> Self {
        self.beside_title = html;
        self
    }

    /// Adds the buttons at the right of the heading.
    #[must_use]
    pub fn actions(mut self, actions: SafeHtml) -> Self {
        self.actions = actions;
        self
    }

    /// Leaves the heading to the body, which then has the page's one `h1`.
    #[must_use]
    pub fn without_heading(mut self) -> Self {
        self.heading = false;
        self
    }

    /// Makes the page as wide as one task needs: signing in, a confirmation, a problem.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.narrow = true;
        self
    }

    /// Adds a step to the breadcrumb; the page itself comes last on its own.
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { label: label.into(), href: href.into() });
        self
    }

    /// Adds a notice above the body: what the act before this page has done.
    #[must_use]
    pub fn notice(mut self, notice: Notice) -> Self {
        self.notices.push(notice);
        self
    }

    /// Adds to the document's head.
    #[must_use]
    pub fn head(mut self, head: SafeHtml) -> Self {
        self.head = head;
        self
    }

    /// Says that the form whose draft has this key was saved, so that the browser forgets the draft.
    #[must_use]
    pub fn draft_clear(mut self, key: impl Into<String>) -> Self {
        self.draft_clear = Some(key.into());
        self
    }

    /// Says in the window's title that the form has mistakes, so that a screen reader hears it first.
    #[must_use]
    pub fn with_mistakes(mut self) -> Self {
        self.wrong = true;
        self
    }

    /// The whole document.
    ///
    /// Where it has rare kanji of names, it links the small fonts that show them.
    pub fn render(&self) -> String {
        let mut html = self.html().into_string();
        let links = rare::links(&html);
        if let Some(end) = html.find("</head>").filter(|_| !links.is_empty()) {
            html.insert_str(end, &links);
        }
        html
    }

    fn body_class(&self) -> String {
        let audience = match self.site.audience {
            Audience::Staff => "page-desk",
            Audience::Public => "page-portal",
        };
        let practice = if self.site.practice.is_some() { " page-practice" } else { "" };
        let audience = format!("{audience}{practice}");
        if self.narrow { format!("{audience} page-narrow") } else { audience }
    }

    fn is_public(&self) -> bool {
        self.site.audience == Audience::Public
    }

    fn asset(&self, logical: &str) -> String {
        assets::url(logical)
    }
}
