//! Pictures: decoded, turned upright, and their pixels written anew. Nothing else of the file is carried over.
//!
//! The colour profile goes with the rest: it is bytes of the sender's that every viewer parses. Colours of a wide-gamut
//! photograph become a little duller for it.

use std::io::Cursor;

use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::codecs::webp::{WebPDecoder, WebPEncoder};
use image::{AnimationDecoder as _, DynamicImage, ImageDecoder, ImageFormat};

use crate::{Kind, Limits, Made, Refusal, Removed, Result, What};

/// The quality of JPEGs that are written: the eye sees no difference to the one that came.
const QUALITY: u8 = 92;

/// A picture made anew, of the same kind.
pub(crate) fn clean(kind: Kind, content: &[u8], limits: &Limits) -> Result<Made> {
    let input = Cursor::new(content);
    let (made, had_metadata) = match kind {
        Kind::Gif => (animation(input, limits)?, false),
        Kind::Png => {
            let decoder = PngDecoder::with_limits(input, memory(limits)).map_err(broken)?;
            if decoder.is_apng().map_err(broken)? {
                return Err(Refusal::NotTaken("動く PNG は受け取れません。GIF か、動かない画像にして送ってください。"));
            }
            let (picture, had_metadata) = upright(decoder, limits)?;
            (written(&picture, ImageFormat::Png)?, had_metadata)
        }
        Kind::WebP => {
            let decoder = WebPDecoder::new(input).map_err(broken)?;
            if decoder.has_animation() {
                return Err(Refusal::NotTaken(
                    "動く WebP は受け取れません。GIF か、動かない画像にして送ってください。",
                ));
            }
            let (picture, had_metadata) = upright(decoder, limits)?;
            (webp(&picture)?, had_metadata)
        }
        _ => {
            let (picture, had_metadata) = upright(JpegDecoder::new(input).map_err(broken)?, limits)?;
            (jpeg(&picture)?, had_metadata)
        }
    };
    let removed = had_metadata.then(|| Removed { what: What::Metadata, place: String::new() });
    Ok((made, kind, removed.into_iter().collect()))
}

/// A picture without a pixel to see, in place of one that is not taken.
pub(crate) fn blank() -> Result<Vec<u8>> {
    written(&DynamicImage::new_rgba8(1, 1), ImageFormat::Png)
}

/// Decodes within the limits and turns the picture as its orientation says, since that is lost with the metadata.
fn upright(mut decoder: impl ImageDecoder, limits: &Limits) -> Result<(DynamicImage, bool)> {
    let (width, height) = decoder.dimensions();
    check_size(width, height, 1, limits)?;
    decoder.set_limits(memory(limits)).map_err(broken)?;
    let metadata = [decoder.exif_metadata(), decoder.xmp_metadata(), decoder.iptc_metadata(), decoder.icc_profile()];
    let had_metadata = metadata.into_iter().any(|part| matches!(part, Ok(Some(_)) | Err(_)));
    // An orientation that can't be read is none: the pixels are what counts.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok((picture, had_metadata))
}

fn check_size(width: u32, height: u32, frames: u64, limits: &Limits) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Refusal::Broken("画像に大きさがありません".to_owned()));
    }
    if pixels.saturating_mul(frames) > limits.pixels {
        let limit = format!("{} 万画素", limits.pixels / 10_000);
        return Err(Refusal::TooMuch {
            what: "画像の大きさ", limit, todo: "縮めてから送ってください。"
        });
    }
    Ok(())
}

/// What a decoder may allocate: eight bytes for each pixel, which is the deepest that is decoded.
fn memory(limits: &Limits) -> image::Limits {
    let mut memory = image::Limits::default();
    memory.max_alloc = Some(limits.pixels.saturating_mul(8));
    memory
}

fn animation(input: Cursor<&[u8]>, limits: &Limits) -> Result<Vec<u8>> {
    let mut decoder = GifDecoder::new(input).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, 1, limits)?;
    decoder.set_limits(memory(limits)).map_err(broken)?;
    let mut frames = Vec::new();
    for frame in decoder.into_frames() {
        frames.push(frame.map_err(broken)?);
        check_size(width, height, frames.len() as u64, limits)?;
        if frames.len() > limits.frames {
            let limit = format!("{} こま", limits.frames);
            return Err(Refusal::TooMuch {
                what: "動く画像の長さ", limit, todo: "短くしてから送ってください。"
            });
        }
    }
    if frames.is_empty() {
        return Err(Refusal::Broken("画像がありません".to_owned()));
    }
    let mut made = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut made, 10);
    if frames.len() > 1 {
        encoder.set_repeat(Repeat::Infinite).map_err(broken)?;
    }
    encoder.encode_frames(frames).map_err(broken)?;
    drop(encoder);
    Ok(made)
}

/// JPEG knows neither transparency nor sixteen bits.
fn jpeg(picture: &DynamicImage) -> Result<Vec<u8>> {
    let plain = match picture.color().has_color() {
        true => DynamicImage::ImageRgb8(picture.to_rgb8()),
        false => DynamicImage::ImageLuma8(picture.to_luma8()),
    };
    let mut made = Vec::new();
    JpegEncoder::new_with_quality(&mut made, QUALITY).encode_image(&plain).map_err(broken)?;
    Ok(made)
}

fn webp(picture: &DynamicImage) -> Result<Vec<u8>> {
    let plain = match picture.color().has_alpha() {
        true => DynamicImage::ImageRgba8(picture.to_rgba8()),
        false => DynamicImage::ImageRgb8(picture.to_rgb8()),
    };
    let mut made = Vec::new();
    plain.write_with_encoder(WebPEncoder::new_lossless(&mut made)).map_err(broken)?;
    Ok(made)
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Result<Vec<u8>> {
    let mut made = Cursor::new(Vec::new());
    picture.write_to(&mut made, format).map_err(broken)?;
    Ok(made.into_inner())
}

fn broken(error: image::ImageError) -> Refusal {
    match error {
        image::ImageError::Limits(_) => Refusal::TooMuch {
            what: "画像を開くための記憶",
            limit: "設定した画素数ぶん".to_owned(),
            todo: "縮めてから送ってください。",
        },
        _ => Refusal::Broken("画像として読めません".to_owned()),
    }
}
