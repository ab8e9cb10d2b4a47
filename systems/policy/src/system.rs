//! What this system hands to the city hall: the one line in `app` calls [`system`].

use futures::future::BoxFuture;

use crate::acts::{carry, live};
use crate::import::{self, ImportError, Outcome};
use crate::kernel::fiscal::FiscalYear;
use crate::platform::desk::{Place, SiteLink};
use crate::platform::{Command, Daily, Report, System, Turn, Work, WorkError, YearStep};
use crate::schema::Text;
use crate::schema::text::Translated;
use crate::{calculators, definitions, pages, sample};

/// The policy board.
///
/// # Panics
/// When a definition that is built into the program is wrong, which the tests would have shown.
pub fn system() -> System {
    let bundle = definitions::bundle().expect("the definitions are read by the tests of this crate");
    let title = bundle.system.title.clone();
    let lead = bundle.system.description.clone();
    let mut system = System::new(bundle);
    system.calculators = calculators::calculators();
    system.calculations = &calculators::CALCULATIONS;
    system.pages = pages::routes();
    system.links = vec![
        SiteLink { title: title.clone(), lead: lead.clone(), href: "/desk/policy", place: Place::Desk },
        SiteLink { title: portal_title(), lead, href: "/board", place: Place::Portal },
    ];
    system.commands = vec![
        Command {
            name: "import",
            about: "部局運営方針の方針書を取り込みます。直した方針書をもう一度取り込むと、直したところだけが変わります。",
            arguments: &["FILE", "[YEAR]"],
            run: import_file,
        },
        Command {
            name: "record",
            about: "台帳を数える指標の、今日の値を記録します。提供中は毎日1回、自動で行われます。",
            arguments: &[],
            run: record_figures,
        },
    ];
    system.daily =
        vec![Daily {
            name: "record", about: "台帳を数える指標の、その日の値を記録する", run: record_figures
        }];
    system.year_end =
        vec![YearStep {
            name: "carry", about: "部局運営方針の取組を新しい年度に引き継ぐ", run: carry_over
        }];
    system.sample = Some(sample::load::load);
    system
}

fn portal_title() -> Text {
    Text::Many(Translated {
        ja: "市役所の目標と進み具合".to_owned(),
        ja_easy: Some("市役所の しごとの 計画".to_owned()),
        en: Some("City goals and progress".to_owned()),
        vi: Some("Mục tiêu và tiến độ của thành phố".to_owned()),
    })
}

/// What happens to the board at the turn of the fiscal year.
fn carry_over(work: Work, turn: Turn) -> BoxFuture<'static, Result<Vec<String>, WorkError>> {
    Box::pin(async move {
        let from = turn.to.previous();
        if turn.dry_run {
            let waiting = carry::waiting(&work.ledgers, &work.context, from).await?;
            return Ok(vec![format!("{}から引き継ぐ取組 {waiting}件。", from.label())]);
        }
        let carried = carry::carry(&work.ledgers, &work.context, from, None).await?;
        let mut said = vec![format!("{}から引き継いだ取組 {}件。", from.label(), carried.initiatives)];
        said.extend(carried.refused);
        Ok(said)
    })
}

/// `kawasemi policy import FILE [YEAR]`
fn import_file(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        let path = work.file(0, "方針書のファイル")?;
        let fiscal_year = match work.arguments.get(1) {
            None => None,
            Some(text) => {
                let parsed = text.parse::<FiscalYear>();
                Some(parsed.map_err(|error| WorkError::Usage(format!("年度「{text}」が読めません。{error}")))?)
            }
        };
        let bytes = read_file(&path)?;
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let paper = import::read(&work.ledgers, &work.context, &bytes, fiscal_year).await.map_err(refused)?;
        let planned = import::plan(&work.ledgers, &work.context, &paper, &file).await.map_err(refused)?;
        let outcome = import::apply(&work.ledgers, &work.context, &planned, &*work.progress).await?;
        Ok(Report { text: told(planned.fiscal_year, &outcome), json: serde_json::json!(outcome) })
    })
}

/// Reads a paper, but no file that can't be one.
fn read_file(path: &std::path::Path) -> Result<Vec<u8>, WorkError> {
    use std::io::Read as _;
    let failed = |source: std::io::Error| WorkError::Failed {
        message: format!("{} を読めません。", path.display()),
        source: Box::new(source),
    };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let length = usize::try_from(file.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
    if length > crate::paper::MAX_PAPER_BYTES {
        return Err(refused(crate::paper::PaperError::TooLarge { bytes: length }.into()));
    }
    let mut bytes = Vec::new();
    // A pipe has no length beforehand.
    let limit = u64::try_from(crate::paper::MAX_PAPER_BYTES).unwrap_or(u64::MAX);
    // One byte more than is read, so that the reader can say that it is too much.
    (&mut file).take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn refused(error: ImportError) -> WorkError {
    match error {
        ImportError::Ledger(error) => error.into(),
        error => WorkError::Refused(error.to_string()),
    }
}

/// What an import did, in lines for a person.
fn told(fiscal_year: i32, outcome: &Outcome) -> String {
    let year = FiscalYear::new(fiscal_year).map_or_else(|_| fiscal_year.to_string(), FiscalYear::label);
    let mut text = format!(
        "{year}の方針書：部局{}、重点項目{}、取り組み{}\n加えた取り組み{}、直した取り組み{}",
        outcome.departments, outcome.themes, outcome.initiatives, outcome.added, outcome.updated
    );
    if outcome.added_departments > 0 {
        text.push_str(&format!("\n部局台帳に加えた部局{}", outcome.added_departments));
    }
    if !outcome.warnings.is_empty() {
        text.push_str(&format!("\n確かめてほしいこと {}件：", outcome.warnings.len()));
    }
    for warning in &outcome.warnings {
        let line = warning.line.map(|line| format!("{line}行目 ")).unwrap_or_default();
        text.push_str(&format!("\n  {line}{}", warning.message));
    }
    text
}

/// `kawasemi policy record`, and the same once a day.
fn record_figures(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        let recorded = live::record_all(&work.ledgers, &work.context, None).await?;
        let mut text = format!("{}件の指標を数え、{}件の値を記録しました。", recorded.counted, recorded.written);
        for (name, why) in &recorded.failed {
            text.push_str(&format!("\n  「{name}」は数えられませんでした。{why}"));
        }
        Ok(Report { text, json: serde_json::json!(recorded) })
    })
}
