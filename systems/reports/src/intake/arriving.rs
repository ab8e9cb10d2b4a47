//! What parcels of this system do where they arrive.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{COMMENT_PARCEL, Comment, REPORT_PARCEL, SUPPORT_PARCEL, Submission, Support, text};
use crate::definitions::{REPORT, SUPPORTER, UPDATE};
use crate::kernel::{Fields, FileRef, RecordId, Value};
use crate::ledger::{Draft, LedgerError};
use crate::mirror::{MIRROR_PARCEL, Mirrored};
use crate::photo::{LARGEST, Photo};
use crate::platform::courier::{HandleError, Handler, HandlerParts, Handlers, Parcel, Side};
use crate::platform::identity::Context;
use crate::platform::store::record::read;
use crate::platform::store::{Ledger, RecordUnit, StoreError, Unit};

/// The handlers of one half: reports go inside, what may be public goes outside.
pub fn handlers(parts: &HandlerParts) -> Handlers {
    let inward = || {
        Handlers::default()
            .with(REPORT_PARCEL, Inward { parts: parts.clone(), what: What::Report })
            .with(SUPPORT_PARCEL, Inward { parts: parts.clone(), what: What::Support })
            .with(COMMENT_PARCEL, Inward { parts: parts.clone(), what: What::Comment })
    };
    match parts.side {
        Some(Side::Portal) => Handlers::default().with(MIRROR_PARCEL, Mirrored { parts: parts.clone() }),
        Some(Side::Desk) | None => inward(),
    }
}

#[derive(Clone, Copy)]
enum What {
    Report,
    Support,
    Comment,
}

/// Makes records of what comes in.
struct Inward {
    parts: HandlerParts,
    what: What,
}

#[async_trait]
impl Handler for Inward {
    async fn prepare(&self, parcel: &Parcel) -> Result<Unit, HandleError> {
        let context = Context::system(self.parts.clock.now(), format!("届いた通報（受付 {}）", parcel.at));
        match self.what {
            What::Report => self.report(&context, parcel).await,
            What::Support => self.support(&context, parcel).await,
            What::Comment => self.comment(&context, parcel).await,
        }
    }
}

impl Inward {
    async fn report(&self, context: &Context, parcel: &Parcel) -> Result<Unit, HandleError> {
        let submission: Submission = read_body(parcel)?;
        let ledgers = &self.parts.ledgers;
        let draft = submission.draft(ledgers, context, parcel.id, parcel.at).await.map_err(|error| said(&error))?;
        let draft = self.attach(draft, "photos", &submission.photos).await?;
        ledgers.creation_of(context, REPORT, draft).await.map_err(|error| said(&error))
    }

    /// Joins a report: the supporter's record and the report's count in one unit.
    async fn support(&self, context: &Context, parcel: &Parcel) -> Result<Unit, HandleError> {
        let support: Support = read_body(parcel)?;
        let mut files = Vec::new();
        for photo in &support.photos {
            files.push(self.keep(photo).await?);
        }
        let mut fields = Fields::new();
        let mut set = |key: &str, value: Value| {
            if !value.is_null() {
                fields.insert(key.to_owned(), value);
            }
        };
        set("report", Value::Record(RecordId(support.report)));
        set("at", Value::Instant(support.at.unwrap_or(parcel.at)));
        set("note", limited(&support.note, 4_000));
        set("photos", Value::Files(files));
        set("reporter_name", limited(&support.name, 160));
        set("mail", limited(&support.mail, 254));
        set("phone", limited(&support.phone, 30));
        set("language", limited(&support.language, 10));
        let (supporters, reports) = (self.ledger(SUPPORTER)?, self.ledger(REPORT)?);
        let city = self.parts.ledgers.city();
        let row = read::record(city, &reports, RecordId(support.report)).await.map_err(|error| stored(&error))?;
        let row = row.filter(|row| row.deleted_at.is_none());
        let row = row.ok_or_else(|| HandleError::Refused("加わる先の通報がありません。".to_owned()))?;
        let mut counted = row.fields.clone();
        let before = counted.get("supporters").and_then(Value::as_int).unwrap_or(0);
        counted.insert("supporters".to_owned(), Value::Int(before + 1));
        let mut unit = RecordUnit::new(city.dialect(), &context.act, &*self.parts.ids);
        unit.create(&supporters, RecordId(parcel.id), &fields).map_err(|error| stored(&error))?;
        unit.update(&reports, &row, &counted).map_err(|error| stored(&error))?;
        Ok(unit.into_unit())
    }

    async fn comment(&self, context: &Context, parcel: &Parcel) -> Result<Unit, HandleError> {
        let comment: Comment = read_body(parcel)?;
        let note = [comment.from.as_str()].into_iter().chain(comment.media_urls.iter().map(String::as_str));
        let note: Vec<&str> = note.filter(|line| !line.is_empty()).collect();
        let draft = Draft::new()
            .with_id(RecordId(parcel.id))
            .with("report", RecordId(comment.report))
            .with("at", Value::Instant(comment.at.unwrap_or(parcel.at)))
            .with("kind", "comment")
            .with("text", text(&comment.text))
            .with("note", text(&note.join("\n")))
            .with("external_id", text(&comment.external_id))
            .with("external_status", text(&comment.external_status))
            .with("published", false);
        self.parts.ledgers.creation_of(context, UPDATE, draft).await.map_err(|error| said(&error))
    }

    async fn attach(&self, mut draft: Draft, field: &str, photos: &[Photo]) -> Result<Draft, HandleError> {
        for photo in photos {
            draft.attach(field, self.keep(photo).await?);
        }
        Ok(draft)
    }

    async fn keep(&self, photo: &Photo) -> Result<FileRef, HandleError> {
        keep(&self.parts, &photo.jpeg).await
    }

    fn ledger(&self, key: &str) -> Result<Arc<Ledger>, HandleError> {
        ledger(&self.parts, key)
    }
}

/// Stores a photograph; what no record comes to name is swept away later.
pub async fn keep(parts: &HandlerParts, jpeg: &[u8]) -> Result<FileRef, HandleError> {
    kept(&parts.files, parts.ids.next(), jpeg).await.map_err(|error| HandleError::Later(error.to_string()))
}

/// Stores a photograph under a fresh id.
///
/// # Errors
/// As [`Files::put`](crate::platform::store::files::Files::put).
pub async fn kept(
    files: &crate::platform::store::files::Files,
    id: Uuid,
    jpeg: &[u8],
) -> Result<FileRef, crate::platform::store::files::FileError> {
    let content = stream::iter([Ok::<_, std::io::Error>(Bytes::copy_from_slice(jpeg))]);
    let name = "photo.jpg".to_owned();
    let stored = files.put(id, &name, LARGEST, content).await?;
    Ok(FileRef { id, name, media_type: stored.kind.media_type.to_owned(), size: stored.size, sha256: stored.sha256 })
}

/// The table of a ledger.
pub fn ledger(parts: &HandlerParts, key: &str) -> Result<Arc<Ledger>, HandleError> {
    let found = parts.ledgers.city().catalogue().get(key).cloned();
    found.ok_or_else(|| HandleError::Refused(format!("台帳「{key}」がこの市にありません。")))
}

/// The content of a parcel.
pub fn read_body<T: DeserializeOwned>(parcel: &Parcel) -> Result<T, HandleError> {
    serde_json::from_slice(&parcel.body)
        .map_err(|_| HandleError::Refused("中身を読み取れません（形が違います）。".to_owned()))
}

fn limited(words: &str, most: usize) -> Value {
    text(&words.trim().chars().take(most).collect::<String>())
}

/// A failure of the store in words that hold nothing of the content.
pub fn stored(error: &StoreError) -> HandleError {
    match error {
        StoreError::Check { .. } | StoreError::Decode { .. } => HandleError::Refused(error.to_string()),
        error => HandleError::Later(error.to_string()),
    }
}

fn said(error: &LedgerError) -> HandleError {
    match error {
        LedgerError::Invalid(mistakes) => {
            let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
            HandleError::Refused(format!("台帳の決まりに合わない項目があります: {}。", fields.join("、")))
        }
        LedgerError::Store(error) => stored(error),
        other => HandleError::Refused(other.to_string()),
    }
}
