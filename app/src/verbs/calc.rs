//! `kawasemi calc`: a table of inputs in, the same table with the answers out; with `--json`, the answers as one object.
//!
//! Needs no city and no data folder, so that a rule can be tried, and checked against another office's figures, anywhere.

use std::fmt;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use jiff::civil::Date;
use kawasemi_kernel::calculation::{Calculation, Given, Worked, cell};
use kawasemi_kernel::era::parse_date;
use kawasemi_kernel::{Value, csv_safe};
use kawasemi_registry::{address_match, personnel_file};
use kawasemi_schema::error::nearest;
use serde::Serialize;
use serde_json::json;

use crate::cli::Calc;
use crate::output::{Output, UsageError};

/// The calculation that takes a gazetteer.
const ADDRESS_MATCH: &str = "address-match";
/// The column that gives a row a date of its own; today where there is none.
const AS_OF: &str = "as_of";
/// The column that says why a row has no answer.
const MISTAKE: &str = "error";
/// The column of the working.
const WORKING: &str = "working";

/// Runs the verb on standard input and output.
///
/// # Errors
/// An unknown calculation, a table that can't be read, or rows without an answer (after all rows were written).
pub fn run(calc: &Calc, calculations: &[Calculation], today: Date, output: Output) -> anyhow::Result<()> {
    if calc.list {
        return output.answer(&List::of(calculations));
    }
    let name = calc.name.as_deref().unwrap_or_default();
    let calculation = lookup(calculations, name)?;
    let asked = Asked { calculation, compute: &*compute_of(calculation, calc.gazetteer.as_deref())?, today };
    let (input, out) = (std::io::stdin().lock(), std::io::stdout().lock());
    let summary = if output.json {
        objects(&asked, input, std::io::BufWriter::new(out))?
    } else {
        table(&asked, calc.explain, input, out)?
    };
    if summary.refused > 0 {
        bail!("{}行のうち{}行は計算できませんでした。理由は {MISTAKE} の列にあります。", summary.rows, summary.refused);
    }
    Ok(())
}

/// How inputs become an answer.
type Compute<'a> = dyn Fn(&Given) -> Result<Worked, String> + 'a;

/// What is computed, and as of when.
struct Asked<'a> {
    calculation: &'a Calculation,
    compute: &'a Compute<'a>,
    /// The date of rows that have none of their own.
    today: Date,
}

/// The calculation's own function, or the comparison of addresses over a gazetteer of the caller's.
fn compute_of(calculation: &Calculation, gazetteer: Option<&Path>) -> anyhow::Result<Box<Compute<'static>>> {
    let Some(file) = gazetteer else { return Ok(Box::new(calculation.compute)) };
    if calculation.key != ADDRESS_MATCH {
        return Err(UsageError(format!("--gazetteer は {ADDRESS_MATCH} だけで使えます。")).into());
    }
    let bytes = std::fs::read(file).with_context(|| format!("{} を読めません。", file.display()))?;
    let text = personnel_file::text(&bytes).with_context(|| {
        format!("{} の文字コードを読み取れません。UTF-8 か Shift_JIS で保存し直してください。", file.display())
    })?;
    let gazetteer = address_match::read_gazetteer(&text)
        .map_err(|why| anyhow!("{} を町名の一覧として読めません。{why}", file.display()))?;
    Ok(Box::new(move |given| Ok(address_match::address_match(&gazetteer, given))))
}

fn lookup<'a>(calculations: &'a [Calculation], name: &str) -> anyhow::Result<&'a Calculation> {
    calculations.iter().find(|calculation| calculation.key == name).ok_or_else(|| {
        let hint = nearest(name, calculations.iter().map(|calculation| calculation.key))
            .map(|near| format!("「{near}」のことですか。"))
            .unwrap_or_default();
        UsageError(format!("「{name}」という計算はありません。{hint}一覧は kawasemi calc --list で出ます。")).into()
    })
}

/// What became of a table.
#[derive(Debug, Default, PartialEq, Eq)]
struct Summary {
    rows: u64,
    refused: u64,
}

/// A table of inputs with its headings.
struct Inputs<R> {
    reader: csv::Reader<R>,
    headings: Vec<String>,
    row: csv::StringRecord,
}

impl<R: Read> Inputs<R> {
    /// Reads the headings, which have to name every input that is needed.
    fn open(calculation: &Calculation, input: R) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let headings = reader.headers().context("見出しの行を読めません。UTF-8 の CSV を渡してください。")?.clone();
        let headings: Vec<String> =
            headings.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        let missing: Vec<&str> = calculation
            .inputs
            .iter()
            .filter(|slot| slot.required && !headings.iter().any(|name| name == slot.key))
            .map(|slot| slot.key)
            .collect();
        if !missing.is_empty() {
            bail!("入力の表に列がありません: {}。列の説明は kawasemi calc --list で出ます。", missing.join("、"));
        }
        Ok(Self { reader, headings, row: csv::StringRecord::new() })
    }

    /// Goes to the next row; whether there is one.
    fn advance(&mut self) -> anyhow::Result<bool> {
        let line = self.reader.position().line();
        self.reader
            .read_record(&mut self.row)
            .with_context(|| format!("{line}行目を読めません。UTF-8 の CSV を渡してください。"))
    }

    fn of(&self, key: &str) -> Option<&str> {
        self.headings.iter().position(|name| name == key).and_then(|n| self.row.get(n))
    }
}

/// Computes row by row into one JSON object, with the working of each, in memory that does not grow with the table.
fn objects(asked: &Asked<'_>, input: impl Read, mut out: impl Write) -> anyhow::Result<Summary> {
    let calculation = asked.calculation;
    let mut inputs = Inputs::open(calculation, input)?;
    let mut summary = Summary::default();
    write!(out, "{{\"name\":{},\"rows\":[", json!(calculation.key))?;
    while inputs.advance()? {
        summary.rows += 1;
        let outcome = compute(asked, |key| inputs.of(key));
        summary.refused += u64::from(outcome.is_err());
        let values = |worked: &Worked| -> serde_json::Map<String, serde_json::Value> {
            let value = |key| match worked.get(key) {
                Value::Null => serde_json::Value::Null,
                value => cell(value).into(),
            };
            calculation.outputs.iter().map(|slot| (slot.key.to_owned(), value(slot.key))).collect()
        };
        let row = match &outcome {
            Ok(worked) => {
                json!({ "outputs": values(worked), MISTAKE: null, WORKING: working(worked) })
            }
            Err(why) => json!({ "outputs": null, MISTAKE: why, WORKING: [] }),
        };
        write!(out, "{}{row}", if summary.rows > 1 { "," } else { "" })?;
    }
    writeln!(out, "],\"refused\":{}}}", summary.refused)?;
    out.flush()?;
    Ok(summary)
}

/// Computes row by row, in memory that does not grow with the table.
fn table(asked: &Asked<'_>, explain: bool, input: impl Read, output: impl Write) -> anyhow::Result<Summary> {
    let calculation = asked.calculation;
    let mut inputs = Inputs::open(calculation, input)?;
    let headings = inputs.headings.clone();
    let mut writer = csv::Writer::from_writer(output);
    // An answer takes the place of a column of the same name, so that a table with old answers can be computed anew.
    let mut answers: Vec<&str> = calculation.outputs.iter().map(|slot| slot.key).collect();
    answers.push(MISTAKE);
    if explain {
        answers.push(WORKING);
    }
    let kept: Vec<usize> = (0..headings.len()).filter(|n| !answers.contains(&headings[*n].as_str())).collect();
    writer.write_record(kept.iter().map(|n| headings[*n].as_str()).chain(answers.iter().copied()))?;

    let mut summary = Summary::default();
    while inputs.advance()? {
        summary.rows += 1;
        let outcome = compute(asked, |key| inputs.of(key));
        summary.refused += u64::from(outcome.is_err());
        let input = kept.iter().map(|n| inputs.row.get(*n).unwrap_or_default().to_owned());
        let answer = answers.iter().map(|key| answer(&outcome, key));
        writer.write_record(input.chain(answer).map(|text| csv_safe::guard(&text).into_owned()))?;
    }
    writer.flush()?;
    Ok(summary)
}

fn compute<'a>(asked: &Asked<'_>, of: impl Fn(&str) -> Option<&'a str>) -> Result<Worked, String> {
    let as_of = match of(AS_OF).map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => parse_date(text).map_err(|error| format!("「{AS_OF}」: {error}"))?,
        None => asked.today,
    };
    let given = asked
        .calculation
        .read(as_of, of)
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))?;
    (asked.compute)(&given)
}

fn answer(outcome: &Result<Worked, String>, key: &str) -> String {
    match (outcome, key) {
        (Ok(_), MISTAKE) | (Err(_), WORKING) => String::new(),
        (Ok(worked), WORKING) => working(worked).to_string(),
        (Ok(worked), key) => cell(worked.get(key)),
        (Err(why), MISTAKE) => why.clone(),
        (Err(_), _) => String::new(),
    }
}

/// The steps as JSON: `[{"rule":"民法第140条","detail":"…"}]`.
fn working(worked: &Worked) -> serde_json::Value {
    worked.steps().iter().map(|step| json!({ "rule": step.rule, "detail": step.detail })).collect()
}

/// The calculations, for `--list`.
#[derive(Debug, Serialize)]
struct List {
    calculations: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    title: &'static str,
    basis: &'static str,
    inputs: Vec<Column>,
    outputs: Vec<Column>,
}

#[derive(Debug, Serialize)]
struct Column {
    name: &'static str,
    label: &'static str,
    required: bool,
}

impl List {
    fn of(calculations: &[Calculation]) -> Self {
        let columns = |slots: &[kawasemi_kernel::calculation::Slot]| {
            slots.iter().map(|slot| Column { name: slot.key, label: slot.label, required: slot.required }).collect()
        };
        let entry = |calculation: &Calculation| Entry {
            name: calculation.key,
            title: calculation.title,
            basis: calculation.basis,
            inputs: columns(calculation.inputs),
            outputs: columns(calculation.outputs),
        };
        Self { calculations: calculations.iter().map(entry).collect() }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.calculations {
            writeln!(f, "{}  {}（{}）", entry.name, entry.title, entry.basis)?;
            for column in &entry.inputs {
                let need = if column.required { "必須" } else { "任意" };
                writeln!(f, "    入力 {}  {}（{need}）", column.name, column.label)?;
            }
            for column in &entry.outputs {
                writeln!(f, "    出力 {}  {}", column.name, column.label)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kawasemi_registry::calculations::CALCULATIONS;

    use super::*;

    fn asked(calculation: &Calculation) -> Asked<'_> {
        Asked { calculation, compute: &calculation.compute, today: date(2021, 4, 1) }
    }

    fn run(name: &str, explain: bool, input: &str) -> (String, Summary) {
        let calculation = lookup(&CALCULATIONS, name).expect("is there");
        let mut out = Vec::new();
        let summary = table(&asked(calculation), explain, input.as_bytes(), &mut out).expect("the table is readable");
        (String::from_utf8(out).expect("is UTF-8"), summary)
    }

    #[test]
    fn every_row_gets_its_answer_or_the_reason_why_not() {
        let (out, summary) = run(
            "business-days",
            false,
            "\u{feff}case,starts_on,business_days,falls_on\nA,2021-04-28,3,old\nB,昨日,1,old\n",
        );
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], "case,starts_on,business_days,falls_on,falls_on_era,error");
        assert_eq!(lines[1], "A,2021-04-28,3,2021-05-07,令和3年5月7日,");
        assert!(lines[2].starts_with("B,昨日,1,,,「もとの日」（starts_on）: 日付の形が"), "{}", lines[2]);
        assert_eq!(summary, Summary { rows: 2, refused: 1 });
    }

    #[test]
    fn the_working_is_a_column_of_its_own() {
        let (out, _) = run("deadline", true, "starts_on,days\n2021-04-26,7\n");
        let mut reader = csv::Reader::from_reader(out.as_bytes());
        let row = reader.records().next().expect("has a row").expect("is readable");
        let steps: Vec<serde_json::Value> = serde_json::from_str(&row[row.len() - 1]).expect("is JSON");
        assert_eq!(steps[0]["rule"], "民法第140条");
    }

    #[test]
    fn a_missing_column_and_an_unknown_name_are_told() {
        let calculation = lookup(&CALCULATIONS, "deadline").expect("is there");
        let error = table(&asked(calculation), false, &b"day\n"[..], Vec::new()).expect_err("is refused");
        assert!(error.to_string().contains("列がありません: starts_on"), "{error}");
        let error = lookup(&CALCULATIONS, "dead-line").expect_err("is refused");
        assert!(error.to_string().contains("「deadline」のことですか"), "{error}");
    }
}
