//! A QR code of an address, as inline SVG: for a record's sheet, a notice on a playground.

use qrcode::{Color, EcLevel, QrCode};

use crate::SafeHtml;

/// The address is longer than a QR code can hold (about 2,300 bytes).
#[derive(Debug, thiserror::Error)]
#[error("このアドレスは長すぎるため、QRコードにできません。")]
pub struct TooLong(#[from] qrcode::types::QrError);

/// The QR code of an address, with words for those who can't see it. The quiet zone of four modules is part of it.
pub fn qr_svg(address: &str, label: &str) -> Result<SafeHtml, TooLong> {
    let (side, path) = drawn(address)?;
    let label = SafeHtml::escape(label);
    Ok(SafeHtml::trusted(format!(
        "<span class=\"qr\"><svg viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg></span>"
    )))
}

/// The same code as a picture on its own, for paper.
pub fn qr_svg_image(address: &str) -> Result<String, TooLong> {
    let (side, path) = drawn(address)?;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// The length of a side, quiet zone included, and the path of the dark modules.
fn drawn(address: &str) -> Result<(usize, String), TooLong> {
    const QUIET: usize = 4;
    let code = QrCode::with_error_correction_level(address, EcLevel::M)?;
    let width = code.width();
    let mut path = String::new();
    for (index, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", index % width + QUIET, index / width + QUIET));
        }
    }
    Ok((width + 2 * QUIET, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_a_code_and_refuses_what_does_not_fit() {
        let html = qr_svg("https://example.jp/desk/park/0190", "公園<1>").expect("fits");
        assert!(html.as_str().contains("aria-label=\"公園&#60;1&#62;\"") && html.as_str().contains("M4 4h1v1h-1z"));
        assert!(qr_svg(&"a".repeat(3000), "").is_err());
    }
}
