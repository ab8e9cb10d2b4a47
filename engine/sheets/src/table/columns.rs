//! The columns of a table: what they are called, which are empty, and where the same table goes on beside itself.

use std::collections::BTreeMap;

use super::address;
use super::header::{Head, Span};
use super::words::{heading, is_serial_heading};
use crate::cell::Cell;
use crate::place::{Area, letters};
use crate::report::{Findings, Sort};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Where it is in the sheet, from 0.
    pub at: u32,
    /// Its heading; parents joined by `／`.
    pub heading: String,
    /// Whether it is not the cells but how they are read (ふりがな).
    pub is_reading: bool,
    /// Whether it has a heading of its own, rather than `列3`.
    pub is_named: bool,
    /// Whether it only counts the rows (通し番号).
    pub is_serial: bool,
}

/// The columns of a table; more than one block where the same headings come again to the right.
pub(super) fn blocks(
    head: &Head<'_>,
    span: Span,
    above: u64,
    tail: &[u64],
    readings: &BTreeMap<u32, u64>,
    findings: &mut Findings,
) -> Vec<Vec<Column>> {
    let count = |column: u32| {
        let rows = head.rows.iter().filter(|row| row.line > above);
        let first = rows.filter(|row| !row.cell(column as usize).is_blank()).count() as u64;
        first + tail.get(column as usize).copied().unwrap_or_default()
    };
    let kept = |column: &&u32| head.has_own(span, **column) || count(**column) > 0;
    let columns: Vec<u32> = head.columns.iter().filter(kept).copied().collect();
    let names: Vec<String> = columns.iter().map(|column| head.heading(span, *column)).collect();
    let parts = repetition(&columns, &names);
    if parts.len() > 1 {
        let places = parts.iter().map(|part| part.first().map_or(0, |index| columns[*index]));
        for place in places {
            let text = "同じ見出しが横に並んでいるため、一つの表が横に続くものとして読みます。";
            findings.add(Sort::Guessed, text, format!("{}列から", letters(place)));
        }
    }
    let first_names = &parts[0];
    let mut taken: Vec<String> = Vec::new();
    let mut unique = |name: &str, at: u32| {
        let name = if name.is_empty() { format!("列{}", at + 1) } else { name.to_owned() };
        let found =
            std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}（{n}）"))).find(|n| !taken.contains(n));
        let name = found.unwrap_or(name);
        taken.push(name.clone());
        name
    };
    let headings: Vec<String> = first_names.iter().map(|index| unique(&names[*index], columns[*index])).collect();
    let block = |part: &Vec<usize>| -> Vec<Column> {
        let column = |(position, index): (usize, &usize)| Column {
            at: columns[*index],
            heading: headings[position].clone(),
            is_reading: false,
            is_named: !names[*index].is_empty(),
            is_serial: is_serial_heading(&names[*index]) && counts_up(head, above, columns[*index]),
        };
        part.iter().enumerate().map(column).collect()
    };
    let mut blocks: Vec<Vec<Column>> = parts.iter().map(block).collect();
    with_readings(&mut blocks, readings, count, findings);
    let values: Vec<_> = head.rows.iter().filter(|row| row.line > above).collect();
    for column in blocks[0].iter().take(2).filter(|column| column.is_named && !column.is_serial && !column.is_reading) {
        let filled: Vec<bool> = values.iter().map(|row| !row.cell(column.at as usize).is_blank()).collect();
        let count = filled.iter().filter(|is_filled| **is_filled).count();
        // Sorted by a district that is written once: the first has it, most have not.
        if filled.len() >= 4 && filled[0] && count * 5 <= filled.len() * 3 {
            let text = "空の欄が多い列です。上の行と同じという意味なら、「空の欄が上と同じを表す列」に選んで読み直してください。";
            findings.add(Sort::Left, text, format!("{}列「{}」", letters(column.at), column.heading));
        }
    }
    for column in &blocks[0] {
        if column.is_serial {
            findings.add(
                Sort::Guessed,
                "通し番号だけの列とみます。番号のほかに何もない行は読みません。",
                format!("{}列「{}」", letters(column.at), column.heading),
            );
        }
        if !column.is_named {
            findings.add(
                Sort::Guessed,
                "見出しのない列です。項目は自分で選んでください。",
                format!("{}列", letters(column.at)),
            );
        }
    }
    blocks
}

/// The columns as positions, cut where the headings begin again from the first one on.
fn repetition(columns: &[u32], names: &[String]) -> Vec<Vec<usize>> {
    let whole: Vec<usize> = (0..columns.len()).collect();
    let named: Vec<usize> = whole.iter().copied().filter(|index| !names[*index].is_empty()).collect();
    for length in 2..=named.len() / 2 {
        let parts: Vec<&[usize]> = named.chunks(length).collect();
        let same = |part: &&[usize]| {
            part.len() == length && part.iter().zip(parts[0]).all(|(one, first)| names[*one] == names[*first])
        };
        let distinct =
            parts[0].iter().enumerate().all(|(at, one)| parts[0][..at].iter().all(|two| names[*two] != names[*one]));
        if distinct && parts.iter().all(same) {
            return parts.into_iter().map(<[usize]>::to_vec).collect();
        }
    }
    vec![whole]
}

/// Whether the values of a column begin with 1 and count up; a row that is hidden or was taken out leaves a gap.
fn counts_up(head: &Head<'_>, above: u64, column: u32) -> bool {
    let values = head.rows.iter().filter(|row| row.line > above).map(|row| row.cell(column as usize));
    let numbers: Vec<f64> = values
        .filter(|cell| !cell.is_blank())
        .map_while(|cell| match cell {
            Cell::Number(number) => Some(*number),
            cell => super::words::ordinal(&cell.to_text()).map(f64::from),
        })
        .take(50)
        .collect();
    !numbers.is_empty()
        && numbers.windows(2).all(|pair| pair[1] - pair[0] == 1.0 || pair[1] == 1.0)
        && numbers[0] <= 1.0
}

/// Offers how names are read as a column of its own, where Excel keeps it and the sheet has no column for it.
fn with_readings(
    blocks: &mut [Vec<Column>],
    readings: &BTreeMap<u32, u64>,
    count: impl Fn(u32) -> u64,
    findings: &mut Findings,
) {
    let is_kana = |name: &str| ["カナ", "かな", "フリガナ", "ふりがな", "ﾌﾘｶﾞﾅ"].iter().any(|word| name.contains(word));
    let has_kana = blocks[0].iter().any(|column| is_kana(&column.heading));
    let is_name =
        |name: &str| ["氏名", "名前", "名称", "者", "人", "代表", "名"].iter().any(|word| name.contains(word));
    let wanted: Vec<usize> = blocks[0]
        .iter()
        .enumerate()
        .filter(|(_, column)| !has_kana && is_name(&column.heading) && !is_kana(&column.heading))
        .filter(|(_, column)| readings.get(&column.at).is_some_and(|found| *found * 2 >= count(column.at).max(1)))
        .map(|(index, _)| index)
        .collect();
    for (number, block) in blocks.iter_mut().enumerate() {
        for index in &wanted {
            let of = block[*index].clone();
            if number == 0 {
                let text =
                    "Excel が覚えているふりがなを、読みの列として使えます。変換した時の読みなので確かめてください。";
                findings.add(Sort::Guessed, text, format!("{}列「{}」", letters(of.at), of.heading));
            }
            block.push(Column {
                heading: format!("{}（フリガナ）", of.heading),
                is_reading: true,
                is_serial: false,
                ..of
            });
        }
    }
}

/// Tells where the headings are and what lies above them.
pub(super) fn tell_header(head: &Head<'_>, span: Span, below: (Option<u64>, Option<u64>), findings: &mut Findings) {
    let (first, last) =
        (head.columns.first().copied().unwrap_or_default(), head.columns.last().copied().unwrap_or_default());
    let area = Area { first: address(span.first, first), last: address(span.last, last) };
    if span.first == span.last {
        findings.add(Sort::Understood, format!("{}行目を見出しとして読みます。", span.first), area);
    } else {
        let text = format!("{}行目から{}行目までを見出しとし、上下をつないで列の名にします。", span.first, span.last);
        findings.add(Sort::Guessed, text, area);
    }
    for row in head.rows.iter().filter(|row| row.line < span.first) {
        for (cell, column) in row.cells.iter().zip(0_u32..).filter(|(cell, _)| !cell.is_blank()) {
            let text: String = heading(&cell.to_text()).chars().take(30).collect();
            let place = format!("{}「{text}」", address(row.line, column));
            if cell.to_text().contains("千円") || cell.to_text().contains("百万円") {
                findings.add(
                    Sort::Left,
                    "表の上に金額の単位があります。値は書かれたとおりの数で読み、単位を掛けません。",
                    place,
                );
            } else {
                findings.add(Sort::Left, "表の上の題名や日付は取り込みません。", place);
            }
        }
    }
    let (units, numbers) = below;
    if let Some(line) = units {
        findings.add(
            Sort::Guessed,
            "単位だけの行とみて、値として読みません。単位を掛けることもしません。",
            format!("{line}行目"),
        );
    }
    if let Some(line) = numbers {
        findings.add(Sort::Guessed, "列の番号だけの行とみて、値として読みません。", format!("{line}行目"));
    }
}
