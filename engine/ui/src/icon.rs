//! Icons: drawn for this program, 24 units square, in the colour of the text beside them. They never carry meaning alone.

use std::fmt;

use crate::SafeHtml;

/// An icon. It is hidden from screen readers, since words always stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// A plus, for adding.
    Add,
    /// An arrow down to a line, for downloading.
    Download,
    /// An arrow up from a line, for uploading.
    Upload,
    /// A pencil, for editing.
    Edit,
    /// A bin, for deleting.
    Delete,
    /// A magnifying glass.
    Search,
    /// A funnel.
    Filter,
    /// A tick.
    Check,
    /// A tick in a circle: done well.
    Success,
    /// An i in a circle.
    Info,
    /// A triangle with a mark.
    Warning,
    /// An octagon with a mark.
    Error,
    /// A cross.
    Close,
    /// A house.
    Home,
    /// A book: a ledger.
    Ledger,
    /// A board with bars: the policy board.
    Board,
    /// A cog: settings.
    Settings,
    /// A person.
    Person,
    /// Several persons.
    People,
    /// A calendar.
    Calendar,
    /// A pin on a map.
    Place,
    /// A clock: history.
    History,
    /// A clip: attachments.
    Attachment,
    /// Three lines with dots: tasks.
    Tasks,
    /// A globe: languages.
    Language,
    /// A key: passkeys.
    Key,
    /// A door with an arrow: leaving.
    SignOut,
    /// A printer.
    Print,
    /// An empty tray.
    Empty,
    /// An arrow to the left.
    Back,
    /// An arrow to the right.
    Forward,
    /// Sorted upwards.
    Ascending,
    /// Sorted downwards.
    Descending,
    /// Sortable either way.
    Sortable,
    /// A square with an arrow: opens elsewhere.
    External,
    /// A circle half drawn: under way.
    Underway,
    /// A circle: not begun.
    Circle,
    /// An eye.
    Show,
}

impl Icon {
    /// The icon as inline SVG.
    pub fn html(self) -> SafeHtml {
        SafeHtml::trusted(self.to_string())
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Add => "M12 5v14M5 12h14",
            Self::Download => "M12 4v11M7 11l5 5 5-5M5 20h14",
            Self::Upload => "M12 16V5M7 9l5-5 5 5M5 20h14",
            Self::Edit => "M4 20l1-4L16.5 4.500l3 3L8 19zM14 7l3 3",
            Self::Delete => "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
            Self::Search => "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20",
            Self::Filter => "M4 5h16l-6 7v6l-4 2v-8z",
            Self::Check => "M5 12.500l4.5 4.500L19 7.5",
            Self::Success => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.300l2.8 2.800L16 9.7",
            Self::Info => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 7.800v.1",
            Self::Warning => "M12 4 2.8 20h18.400zM12 10v4.500M12 17.300v.1",
            Self::Error => "M8.3 3h7.400L21 8.300v7.400L15.7 21H8.300L3 15.700V8.300zM12 7.500v5.500M12 16.300v.1",
            Self::Close => "M6 6l12 12M18 6 6 18",
            Self::Home => "M4 11l8-7 8 7M6 10v10h12V10M10 20v-6h4v6",
            Self::Ledger => "M6 3h13v18H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM8 3v18M12 8h4M12 12h4",
            Self::Board => "M4 4h16v16H4zM8 16v-4M12 16V8M16 16v-6",
            Self::Settings => {
                "M12 15.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.600l2.1 2.100M16.3 16.300l2.1 2.100M18.4 5.600l-2.1 2.100M7.7 16.300l-2.1 2.1"
            }
            Self::Person => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c1-4 4-5.5 7.5-5.500s6.5 1.5 7.5 5.5",
            Self::People => {
                "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19c.8-3.5 3.2-5 6.5-5s5.7 1.5 6.5 5M15.5 4.300a3.5 3.5 0 0 1 0 6.400M18 14.500c2 .6 3 2 3.5 4.5"
            }
            Self::Calendar => "M4 6h16v14H4zM4 10.500h16M8 3.500V7M16 3.500V7",
            Self::Place => {
                "M12 21c-4-4.5-6.5-8-6.5-11a6.5 6.5 0 0 1 13 0c0 3-2.5 6.5-6.5 11zM12 12.300a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.600z"
            }
            Self::History => "M4 12a8 8 0 1 0 2.5-5.800L4 8.500M4 4v4.500h4.500M12 8v4.500l3 2",
            Self::Attachment => {
                "M19 11.500l-7.5 7.500a4.5 4.5 0 0 1-6.4-6.400l8-8a3 3 0 0 1 4.3 4.300l-7.8 7.700a1.5 1.5 0 0 1-2.1-2.100l7-7"
            }
            Self::Tasks => "M9 6h11M9 12h11M9 18h11M4 6l1 1 2-2M4 12l1 1 2-2M4 18l1 1 2-2",
            Self::Language => {
                "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c-5 5.5-5 12.5 0 18M12 3c5 5.5 5 12.5 0 18"
            }
            Self::Key => "M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 12h9v3.500M17 12v3",
            Self::SignOut => "M13 4H5v16h8M10 12h11M17 8l4 4-4 4",
            Self::Print => "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
            Self::Empty => "M4 14l3-9h10l3 9v6H4zM4 14h5l1 2.500h4L15 14h5",
            Self::Back => "M19 12H5M11 6l-6 6 6 6",
            Self::Forward => "M5 12h14M13 6l6 6-6 6",
            Self::Ascending => "M12 19V5M6 11l6-6 6 6",
            Self::Descending => "M12 5v14M6 13l6 6 6-6",
            Self::Sortable => "M8 9.500l4-4.5 4 4.500M8 14.500l4 4.5 4-4.5",
            Self::External => "M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9",
            Self::Underway => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
            Self::Circle => "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
            Self::Show => {
                "M2.5 12c2.5-4.5 5.7-6.5 9.5-6.500s7 2 9.5 6.500c-2.5 4.5-5.7 6.5-9.5 6.500S5 16.5 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z"
            }
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        write!(
            f,
            "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\"><path d=\"{path}\"/></svg>"
        )
    }
}

impl askama::filters::HtmlSafe for Icon {}
