//! The priorities as a workbook: one sheet for each kind, and one with the figures that they were computed with.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::rules::priority::{Placed, Weights, figures};
use crate::stock::Span;

/// The headings of a sheet.
const HEADINGS: [&str; 14] = [
    "順位",
    "ランク",
    "施設番号",
    "所在",
    "年数",
    "年数は推定",
    "口径（mm）",
    "延長（m）",
    "上流の延長（m）",
    "発生確率",
    "被害規模",
    "リスク",
    "調査の年次",
    "調査費（円）",
];

/// The workbook's bytes.
///
/// # Errors
/// When it can't be written.
pub fn priorities(spans: &[Span], placed: &[Placed], weights: &Weights) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let (bold, two, four) =
        (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"), Format::new().set_num_format("0.0000"));
    let yen = Format::new().set_num_format("#,##0");
    for (name, is_storm) in [("汚水・合流", false), ("雨水", true)] {
        let sheet = workbook.add_worksheet().set_name(name)?;
        for (column, heading) in (0..).zip(HEADINGS) {
            sheet.write_with_format(0, column, heading, &bold)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_column_width(3, 28)?;
        let of_kind = placed.iter().filter(|one| spans[one.pipe].pipe.is_storm == is_storm);
        for (row, one) in (1_u32..).zip(of_kind) {
            let span = &spans[one.pipe];
            sheet.write(row, 0, row)?;
            sheet.write(row, 1, format!("{:?}", one.order))?;
            sheet.write(row, 2, span.number.as_str())?;
            sheet.write(row, 3, span.place.as_str())?;
            sheet.write(row, 4, one.age)?;
            sheet.write(row, 5, if one.is_imputed { "推定" } else { "" })?;
            sheet.write(row, 6, span.pipe.diameter_mm as f64)?;
            sheet.write_with_format(row, 7, span.pipe.length_m, &two)?;
            sheet.write_with_format(row, 8, span.pipe.upstream_m, &two)?;
            sheet.write_with_format(row, 9, one.likelihood, &four)?;
            sheet.write_with_format(row, 10, one.impact, &four)?;
            sheet.write_with_format(row, 11, one.risk, &four)?;
            sheet.write(row, 12, one.year)?;
            sheet.write_with_format(row, 13, one.yen as f64, &yen)?;
        }
    }
    let sheet = workbook.add_worksheet().set_name("計算の条件")?;
    sheet.set_column_width(0, 32)?;
    sheet.write_with_format(0, 0, "項目", &bold)?;
    sheet.write_with_format(0, 1, "値", &bold)?;
    for (row, figure) in (1_u32..).zip(figures()) {
        sheet.write(row, 0, figure.label.as_str())?;
        sheet.write(row, 1, weights.get(&figure.key))?;
    }
    workbook.save_to_buffer()
}
