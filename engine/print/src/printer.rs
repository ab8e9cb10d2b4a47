//! Makes a PDF of a job, within limits of size and time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use kawasemi_kernel::text::external::ExternalCharacters;
use serde_json::json;
use typst::diag::SourceDiagnostic;
use typst::foundations::Smart;
use typst::{World as _, WorldExt as _};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::coverage::{Coverage, Shown};
use crate::fonts::{FontState, Fonts, Role};
use crate::job::{Archive, Job, Kind};
use crate::stop::{Finding, Looked, StopList, look};
use crate::verify;
use crate::world::{JobWorld, datetime};

/// The pieces of a paper, which templates import.
const PAPER: &str = include_str!("../typ/paper.typ");
/// What a job's template is wrapped in.
const MAIN: &str = include_str!("../typ/main.typ");
/// The largest data and the largest pictures together, in bytes.
const LARGEST: usize = 32 * 1024 * 1024;
/// Pages of one document at most.
const PAGES: usize = 5_000;
/// Documents that are made at once.
const AT_ONCE: usize = 2;
/// Stack of the thread that lays out; deep tables need more than the usual.
const STACK: usize = 64 * 1024 * 1024;
/// Results of the typesetter that no document used for so many documents are forgotten.
const REMEMBERED: usize = 4;

/// A printed document.
#[derive(Clone, Debug)]
pub struct Pdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its pages.
    pub pages: usize,
    /// Characters in whose place something else was printed and marked; empty on an official print.
    pub substituted: Vec<Finding>,
}

/// Why nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// An official print holds characters that can't be shown as they are.
    #[error("{0}")]
    Stopped(StopList),
    /// The machine has no font for text.
    #[error("印刷の書体がこのサーバーにありません。電算担当に {} の追加を依頼してください。", packages(.0))]
    NoFonts(Vec<FontState>),
    /// The data, the pictures or the document are too large.
    #[error("印刷するものが大きすぎます。件数や画像を減らして、分けて印刷してください。")]
    TooLarge,
    /// The document was not ready in time.
    #[error("印刷に時間がかかりすぎたので中止しました。件数を減らして、分けて印刷してください。")]
    TooSlow,
    /// Too many documents are being made.
    #[error("ほかの印刷が混み合っています。少し待ってから、もう一度お試しください。")]
    Busy,
    /// The words of the template itself hold characters that can't be shown.
    #[error("ひな形「{template}」に、書体にない文字があります: {}", .code_points.join("、"))]
    Blank {
        /// The template.
        template: String,
        /// The characters.
        code_points: Vec<String>,
    },
    /// The template has a mistake.
    #[error("ひな形「{template}」に誤りがあります: {message}")]
    Template {
        /// The template.
        template: String,
        /// What and where, in the typesetter's words.
        message: String,
    },
}

/// Makes documents. One for the whole program; cheap to clone. The default has the fonts of the system.
#[derive(Clone, Debug, Default)]
pub struct Printer {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    folders: Vec<PathBuf>,
    fonts: OnceLock<Fonts>,
    gate: Gate,
}

impl Printer {
    /// A printer with the fonts of these folders and of the system. They are read when they are first needed.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { inner: Arc::new(Inner { folders, fonts: OnceLock::new(), gate: Gate::default() }) }
    }

    /// The fonts.
    pub fn fonts(&self) -> &Fonts {
        self.inner.fonts.get_or_init(|| Fonts::find(&self.inner.folders))
    }

    /// What keeps a job from being printed officially, without printing it.
    ///
    /// # Errors
    /// [`PrintError::NoFonts`].
    pub fn check(&self, job: &Job, external: &ExternalCharacters) -> Result<StopList, PrintError> {
        Ok(StopList { findings: self.look(job, external)?.findings })
    }

    /// Prints. It takes the time of laying out and is called where waiting hurts nobody.
    ///
    /// # Errors
    /// See [`PrintError`].
    pub fn print(&self, job: &Job, external: &ExternalCharacters) -> Result<Pdf, PrintError> {
        let pictures: usize = job.assets.iter().map(|asset| asset.bytes.len()).sum();
        let data = job.data.to_string();
        if pictures + data.len() > LARGEST {
            return Err(PrintError::TooLarge);
        }
        if let Some(asset) = job.assets.iter().find(|asset| !asset.has_good_name()) {
            return Err(mistake(job, format!("画像の名前「{}」は使えません。", asset.name)));
        }
        let coverage = Coverage { fonts: self.fonts(), external };
        let mut looked = self.look(job, external)?;
        if job.options.kind == Kind::Official && !looked.findings.is_empty() {
            return Err(PrintError::Stopped(StopList { findings: looked.findings }));
        }
        substitute(&mut looked, coverage);
        let world = self.world(job, data, &looked);
        let place = self.inner.gate.enter(job.options.patience).ok_or(PrintError::Busy)?;
        let (done, ready) = mpsc::channel();
        let (options, template) = (pdf_options(job)?, job.template.name.clone());
        let kind = job.options.kind;
        let made = thread::Builder::new().name("print".to_owned()).stack_size(STACK).spawn(move || {
            let result = typeset(&world, &options, &template, kind);
            typst::comemo::evict(REMEMBERED);
            // The place is free once the work is at its end, even where nobody waits for it any more.
            drop(place);
            done.send(result).ok();
        });
        made.map_err(|_| PrintError::Busy)?;
        match ready.recv_timeout(job.options.patience) {
            Ok(result) => result.map(|(bytes, pages)| Pdf { bytes, pages, substituted: looked.findings }),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(PrintError::TooSlow),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(mistake(job, "組版が途中で止まりました。".to_owned())),
        }
    }

    fn look(&self, job: &Job, external: &ExternalCharacters) -> Result<Looked, PrintError> {
        let fonts = self.fonts();
        if !fonts.can_print() {
            return Err(PrintError::NoFonts(fonts.states()));
        }
        let mut looked = look(&job.data, &job.naming, Coverage { fonts, external });
        let around = json!({
            "title": job.options.title,
            "author": job.options.author,
            "reference": job.options.footer.reference,
            "printed": job.options.footer.printed,
        });
        let naming = crate::Naming::default()
            .with_subject("", "この書類")
            .with_field("title", "題名")
            .with_field("author", "作成者")
            .with_field("reference", "文書番号")
            .with_field("printed", "出力者");
        let edge = look(&around, &naming, Coverage { fonts, external });
        looked.findings.extend(edge.findings);
        looked.names.extend(edge.names);
        looked.standards.extend(edge.standards);
        Ok(looked)
    }

    fn world(&self, job: &Job, data: String, looked: &Looked) -> JobWorld {
        let family = |role| self.fonts().family(role).unwrap_or_default();
        let options = json!({
            "title": job.options.title,
            "author": job.options.author,
            "language": job.options.language,
            "paper": job.options.paper,
            "orientation": job.options.orientation,
            "footer": job.options.footer,
            "mark": job.options.mark,
            "ordinary": job.options.kind == Kind::Ordinary,
            "fonts": {
                "mincho": family(Role::Mincho),
                "gothic": family(Role::Gothic),
                "names": family(Role::Names),
            },
            "names": pattern(&looked.names),
            "standards": looked.standards,
            "substitutes": looked.findings.iter().map(replaced).collect::<BTreeSet<_>>(),
        });
        let sources = [("/main.typ", MAIN), ("/paper.typ", PAPER), ("/template.typ", job.template.source.as_str())];
        let mut files: Vec<(String, Vec<u8>)> = vec![
            ("/data.json".to_owned(), data.into_bytes()),
            ("/options.json".to_owned(), options.to_string().into_bytes()),
        ];
        files.extend(job.assets.iter().map(|asset| (format!("/assets/{}", asset.name), asset.bytes.clone())));
        let today = job.options.at.to_zoned(job.options.zone.clone()).datetime();
        JobWorld::new(self.fonts().clone(), &sources, files, today)
    }
}

/// A character and what is printed in its place: the substitute, or its code point in a frame.
fn replaced(finding: &Finding) -> (String, String, bool) {
    let substitute = finding.substitute.clone();
    let is_known = substitute.is_some();
    (finding.character.clone(), substitute.unwrap_or_else(|| finding.code_points.clone()), is_known)
}

/// Finds what stands for each character that an ordinary print can't show.
fn substitute(looked: &mut Looked, coverage: Coverage<'_>) {
    for finding in &mut looked.findings {
        // 〓 is a sign that the fonts have; it is printed and marked as what it is.
        let own = (finding.character == "〓").then(|| "〓".to_owned());
        let can_be_shown = |text: &String| {
            text.chars().all(|c| matches!(coverage.of(c.encode_utf8(&mut [0; 4])), Shown::Text | Shown::Names))
        };
        let stand_ins = coverage.external.stand_ins(&finding.character);
        finding.substitute = own.or_else(|| stand_ins.into_iter().find(can_be_shown));
        if let Some(substitute) = finding.substitute.as_deref().filter(|text| coverage.of(text) == Shown::Names) {
            looked.names.insert(substitute.to_owned());
        }
    }
}

/// A regular expression that finds these characters, those with a selector before their bare kanji; empty for none.
fn pattern(characters: &BTreeSet<String>) -> String {
    let mut characters: Vec<&String> = characters.iter().collect();
    characters.sort_by_key(|character| std::cmp::Reverse(character.len()));
    let code = |c: char| format!("\\x{{{:X}}}", u32::from(c));
    characters.iter().map(|text| text.chars().map(code).collect::<String>()).collect::<Vec<_>>().join("|")
}

fn pdf_options(job: &Job) -> Result<PdfOptions, PrintError> {
    let standard: &[PdfStandard] = match job.options.archive {
        Archive::A2b => &[PdfStandard::A_2b],
        Archive::A2u => &[PdfStandard::A_2u],
        Archive::A3b => &[PdfStandard::A_3b],
        Archive::None => &[],
    };
    let standards = PdfStandards::new(standard).map_err(|error| mistake(job, error.message().to_string()))?;
    let at = job.options.at.to_zoned(job.options.zone.clone());
    let timestamp = datetime(at.datetime()).and_then(|civil| Timestamp::new_local(civil, at.offset().seconds() / 60));
    Ok(PdfOptions {
        // Derived from the title and the instant: the same paper at the same instant is the same document.
        ident: Smart::Custom(format!("{}/{}/{}", job.template.name, job.options.title, job.options.at)),
        creator: Smart::Custom(Some("Kawasemi".to_owned())),
        timestamp,
        standards,
        ..PdfOptions::default()
    })
}

fn typeset(world: &JobWorld, options: &PdfOptions, template: &str, kind: Kind) -> Result<(Vec<u8>, usize), PrintError> {
    let said = |errors: &[SourceDiagnostic]| PrintError::Template {
        template: template.to_owned(),
        message: errors.iter().take(3).map(|error| at(world, error)).collect::<Vec<_>>().join("; "),
    };
    let document: PagedDocument = typst::compile(world).output.map_err(|errors| said(&errors))?;
    let pages = document.pages().len();
    if pages > PAGES {
        return Err(PrintError::TooLarge);
    }
    let blanks = verify::blanks(&document, 20);
    if kind == Kind::Official && !blanks.is_empty() {
        return Err(PrintError::Blank { template: template.to_owned(), code_points: blanks });
    }
    let bytes = typst_pdf::pdf(&document, options).map_err(|errors| said(&errors))?;
    Ok((bytes, pages))
}

/// A mistake with its line, where it is in a file of ours.
fn at(world: &JobWorld, error: &SourceDiagnostic) -> String {
    let place = || {
        let source = world.source(error.span.id()?).ok()?;
        let line = source.lines().byte_to_line(world.range(error.span)?.start)?;
        Some(format!("{} {}行目: ", source.id().get().vpath().get_without_slash(), line + 1))
    };
    format!("{}{}", place().unwrap_or_default(), error.message)
}

fn mistake(job: &Job, message: String) -> PrintError {
    PrintError::Template { template: job.template.name.clone(), message }
}

fn packages(states: &[FontState]) -> String {
    let missing = states.iter().filter(|state| state.family.is_none());
    missing.map(|state| state.package).collect::<Vec<_>>().join("、")
}

/// Lets a few documents in at once, since each takes a processor and memory.
#[derive(Debug, Default)]
struct Gate {
    inside: Arc<(Mutex<usize>, Condvar)>,
}

/// A place inside.
struct Place(Arc<(Mutex<usize>, Condvar)>);

impl Gate {
    /// Waits for a place; none where all stay taken.
    fn enter(&self, patience: Duration) -> Option<Place> {
        let (count, freed) = &*self.inside;
        let inside = count.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = freed.wait_timeout_while(inside, patience, |inside| *inside >= AT_ONCE);
        let (mut inside, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        *inside += 1;
        Some(Place(Arc::clone(&self.inside)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (count, freed) = &*self.0;
        *count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        freed.notify_one();
    }
}
