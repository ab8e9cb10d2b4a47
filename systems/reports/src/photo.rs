//! Photographs from outside, made anew: what is kept is pixels, never the file that came.
//!
//! A photograph tells more than what it shows: where it was taken, when, with which telephone. Position and time are read out of it
//! for the staff, who may need them, and the picture itself is drawn anew as a JPEG of at most [`LONGEST_SIDE`] pixels without any of
//! it. What the operator has set up to make files harmless (無害化) looks at the file first. Two photographs at a time are worked on,
//! so that a flood of them leaves the rest of the program alone.

use std::io::{BufReader, Cursor, Read as _, Seek as _};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageReader, Rgb, RgbImage};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use tokio::sync::Semaphore;

use crate::platform::desk::{Cx, Upload};
use crate::rules::Place;

/// The largest file that is taken, in bytes.
pub const LARGEST: u64 = 40 * 1024 * 1024;
/// The longest side of a photograph that is kept, in pixels: enough to see a crack, small enough for a telephone's line.
pub const LONGEST_SIDE: u32 = 2_048;
/// The most pixels that are decoded.
const MOST_PIXELS: u64 = 100_000_000;
/// The quality of the JPEG.
const QUALITY: u8 = 85;

static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A photograph that was made anew, and what the file said of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    /// The picture as JPEG, without any properties.
    #[serde(with = "as_base64")]
    pub jpeg: Vec<u8>,
    /// Where it was taken, as degrees of latitude and longitude.
    pub position: Option<(f64, f64)>,
    /// When it was taken, as the camera wrote it.
    pub taken: Option<String>,
}

impl std::fmt::Debug for Photo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What it shows, and where it was taken, belong into no log.
        f.debug_struct("Photo").field("bytes", &self.jpeg.len()).finish_non_exhaustive()
    }
}

impl Photo {
    /// Where it was taken.
    pub fn place(&self) -> Option<Place> {
        self.position.and_then(|(latitude, longitude)| Place::new(latitude, longitude))
    }
}

/// Why a photograph is not taken. What to do about it is said in the reporter's language, by [`PhotoError::word`].
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    /// More bytes or pixels than are taken.
    #[error("the photograph is too large")]
    TooLarge,
    /// A kind that only some telephones write.
    #[error("the photograph is HEIC or AVIF")]
    Heic,
    /// No picture, whatever its name says.
    #[error("the file is no picture of a kind that is taken")]
    NotAPicture,
    /// A picture that can't be read.
    #[error("the picture can't be read")]
    Broken,
    /// The installation is at fault.
    #[error("{0}")]
    Ours(String),
}

impl PhotoError {
    /// The key of the sentence for the reporter.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::TooLarge => "photo-too-large",
            Self::Heic => "photo-heic",
            Self::NotAPicture => "photo-not-a-picture",
            Self::Broken => "photo-broken",
            Self::Ours(_) => "photo-ours",
        }
    }
}

/// Makes a photograph that was sent anew.
///
/// # Errors
/// [`PhotoError`].
pub async fn take(cx: &Cx, upload: &Upload) -> Result<Photo, PhotoError> {
    if upload.size > LARGEST {
        return Err(PhotoError::TooLarge);
    }
    let ours = |error: &dyn std::fmt::Display| PhotoError::Ours(error.to_string());
    let _turn = AT_ONCE.acquire().await.map_err(|error| ours(&error))?;
    let mut file = upload.file.reopen().map_err(|error| ours(&error))?;
    let (path, sanitizer) = (upload.file.path().to_owned(), cx.desk().settings().sanitizer.clone());
    let work = move || {
        let mut head = Vec::new();
        (&mut file).take(64).read_to_end(&mut head).map_err(|error| PhotoError::Ours(error.to_string()))?;
        refuse_unknown(&head)?;
        file.rewind().map_err(|error| PhotoError::Ours(error.to_string()))?;
        let (position, taken) = properties(&mut BufReader::new(&file));
        file.rewind().map_err(|error| PhotoError::Ours(error.to_string()))?;
        let bytes = match sanitizer.filter(|sanitizer| sanitizer.is_on()) {
            Some(sanitizer) => {
                let output = NamedTempFile::new().map_err(|error| PhotoError::Ours(error.to_string()))?;
                // The name would only tell text from CSV.
                sanitizer.clean_file("photo", &path, output.path()).map_err(|refusal| match refusal.is_ours() {
                    true => PhotoError::Ours(refusal.to_string()),
                    false => PhotoError::Broken,
                })?;
                std::fs::read(output.path()).map_err(|error| PhotoError::Ours(error.to_string()))?
            }
            None => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).map_err(|error| PhotoError::Ours(error.to_string()))?;
                bytes
            }
        };
        let jpeg = drawn_anew(&bytes)?;
        Ok(Photo { jpeg, position: position.map(|place| (place.latitude, place.longitude)), taken })
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| ours(&error))?
}

/// A photograph from memory, as an import or a test has it.
///
/// # Errors
/// [`PhotoError`].
pub fn from_bytes(bytes: &[u8]) -> Result<Photo, PhotoError> {
    if bytes.len() as u64 > LARGEST {
        return Err(PhotoError::TooLarge);
    }
    refuse_unknown(bytes)?;
    let (position, taken) = properties(&mut Cursor::new(bytes));
    let position = position.map(|place| (place.latitude, place.longitude));
    Ok(Photo { jpeg: drawn_anew(bytes)?, position, taken })
}

/// A part of a picture, in thousandths of its width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// From the left.
    pub left: u32,
    /// From the top.
    pub top: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Part {
    /// Reads `100,200,300,400; …` as the tool on the page and a keyboard write it. What can't be read is left out.
    pub fn parse_all(text: &str) -> Vec<Self> {
        text.split([';', '\n'])
            .filter_map(|part| {
                let numbers: Vec<u32> = part.split(',').map_while(|number| number.trim().parse().ok()).collect();
                match numbers[..] {
                    [left, top, width, height] => Some(Self { left, top, width, height }),
                    _ => None,
                }
            })
            .collect()
    }
}

/// The picture with parts of it painted over (塗りつぶし), so that no face and no number plate is left in it. A painted part is gone;
/// blurring can be undone.
///
/// # Errors
/// [`PhotoError::Broken`].
pub fn painted_over(jpeg: &[u8], parts: &[Part]) -> Result<Vec<u8>, PhotoError> {
    let mut picture = decoded(jpeg)?.to_rgb8();
    let (width, height) = picture.dimensions();
    let along = |thousandths: u32, side: u32| {
        u32::try_from(u64::from(thousandths.min(1_000)) * u64::from(side) / 1_000).unwrap_or(side)
    };
    for part in parts {
        let (left, right) = (along(part.left, width), along(part.left.saturating_add(part.width), width));
        let (top, bottom) = (along(part.top, height), along(part.top.saturating_add(part.height), height));
        for y in top..bottom {
            for x in left..right {
                picture.put_pixel(x, y, Rgb([40, 40, 40]));
            }
        }
    }
    written(&picture)
}

/// What is no picture, or one of a kind that is not taken, by its first bytes; its name says nothing.
fn refuse_unknown(head: &[u8]) -> Result<(), PhotoError> {
    if head.len() > 12 && &head[4..8] == b"ftyp" {
        return Err(PhotoError::Heic);
    }
    let is_picture = head.starts_with(&[0xFF, 0xD8, 0xFF])
        || head.starts_with(b"\x89PNG\r\n\x1a\n")
        || (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP"))
        || head.starts_with(b"GIF8");
    if is_picture { Ok(()) } else { Err(PhotoError::NotAPicture) }
}

/// Position and time of taking, where the file tells them and they can be read.
fn properties(reader: &mut (impl std::io::BufRead + std::io::Seek)) -> (Option<Place>, Option<String>) {
    let Ok(exif) = exif::Reader::new().read_from_container(reader) else { return (None, None) };
    let degrees = |value: exif::Tag, sign: exif::Tag, negative: &str| {
        let field = exif.get_field(value, exif::In::PRIMARY)?;
        let exif::Value::Rational(parts) = &field.value else { return None };
        let [degrees, minutes, seconds] = parts.as_slice() else { return None };
        let found = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3_600.0;
        let is_negative = exif
            .get_field(sign, exif::In::PRIMARY)
            .is_some_and(|field| field.display_value().to_string().starts_with(negative));
        Some(if is_negative { -found } else { found })
    };
    let latitude = degrees(exif::Tag::GPSLatitude, exif::Tag::GPSLatitudeRef, "S");
    let longitude = degrees(exif::Tag::GPSLongitude, exif::Tag::GPSLongitudeRef, "W");
    let place = latitude.zip(longitude).and_then(|(latitude, longitude)| Place::new(latitude, longitude));
    let taken = exif.get_field(exif::Tag::DateTimeOriginal, exif::In::PRIMARY);
    let taken = taken.map(|field| field.display_value().to_string().chars().take(40).collect());
    (place, taken)
}

fn drawn_anew(bytes: &[u8]) -> Result<Vec<u8>, PhotoError> {
    let picture = decoded(bytes)?;
    let longest = picture.width().max(picture.height());
    let picture =
        if longest > LONGEST_SIDE { picture.resize(LONGEST_SIDE, LONGEST_SIDE, FilterType::Triangle) } else { picture };
    written(&picture.to_rgb8())
}

fn decoded(bytes: &[u8]) -> Result<DynamicImage, PhotoError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| PhotoError::Broken)?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MOST_PIXELS * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| PhotoError::Broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(PhotoError::TooLarge);
    }
    // An orientation that can't be read is none: the pixels are what counts.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| PhotoError::Broken)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

fn written(picture: &RgbImage) -> Result<Vec<u8>, PhotoError> {
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    encoder.encode_image(picture).map_err(|_| PhotoError::Broken)?;
    Ok(jpeg)
}

/// Bytes as base64 in JSON.
mod as_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
