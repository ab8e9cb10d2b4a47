//! Transfer by file (媒体による受渡し), where no connection is allowed.
//!
//! A file holds everything that the other side has not acknowledged, and the receipts for what it has sent. So a file that
//! was lost needs no special care: the next one holds the same again, and what has arrived meanwhile is known there. A file
//! is written under another name and appears under its own once it is whole. What was refused is in the log with its reason.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use kawasemi_identity::Context;
use kawasemi_store::{Sql, Statement, Unit};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::bundle::{self, Checked, Expected, Manifest};
use crate::courier::{Courier, remember_higher};
use crate::error::{CourierError, Result};
use crate::incoming::{PEER_LOW, Taken};
use crate::outgoing::INSIDE;

/// Parcels and bytes of one file at most.
const FILE: Room = Room { parcels: 100_000, bytes: 4 * 1024 * 1024 * 1024 };
/// Receipts of one bundle at most.
const RECEIPTS: i64 = 100_000;

/// How much fits into a bundle.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    pub parcels: usize,
    pub bytes: i64,
}

/// What was written into a file.
#[derive(Clone, Debug, Serialize)]
pub struct Packed {
    /// The bundle's id.
    pub id: Uuid,
    /// Parcels in it.
    pub parcels: usize,
    /// The first and last number.
    pub range: Option<(i64, i64)>,
    /// Receipts in it.
    pub receipts: usize,
    /// Whether more waits than fitted in.
    pub more: bool,
}

/// What became of a bundle that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unpacked {
    /// The first and last number.
    pub range: Option<(i64, i64)>,
    /// Parcels in it.
    pub parcels: usize,
    /// Parcels that were applied, those included that had waited for one of them.
    pub applied: u64,
    /// Parcels that their handler refused; they are in the list.
    pub refused: u64,
    /// Parcels that were here before.
    pub known: u64,
    /// Parcels that wait for one before them.
    pub kept: u64,
    /// One's own parcels that are acknowledged and erased now.
    pub acknowledged: u64,
    /// What is wrong and what to do, though the rest was taken.
    pub remarks: Vec<String>,
    /// Whether the other side has more.
    pub more: bool,
}

impl Courier {
    /// Writes a file for the other side.
    ///
    /// # Errors
    /// [`CourierError::NoKey`], [`CourierError::NoPeer`], [`CourierError::Io`]; [`CourierError::Refused`] in a training city.
    pub async fn pack(&self, context: &Context, path: &Path) -> Result<Packed> {
        context.require_admin()?;
        if self.city().is_training() {
            return Err(CourierError::refused(INSIDE));
        }
        let manifest = self.manifest(FILE).await?;
        let draft = path.with_extension("part");
        let written = self.write_file(&manifest, &draft).await;
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written?;
        fs::rename(&draft, path)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        self.mark_sent(&manifest.parcels).await?;
        let note = FileNote { outcome: "written", reason: String::new(), applied: 0 };
        self.log_file(context, path, "out", Some(&manifest), note).await?;
        Ok(Packed {
            id: manifest.id,
            parcels: manifest.parcels.len(),
            range: manifest.range(),
            receipts: manifest.receipts.len(),
            more: manifest.more,
        })
    }

    /// Reads a file of the other side. It may be read again after it was broken off.
    ///
    /// # Errors
    /// [`CourierError::Refused`] with the reason, which is also in the log; nothing of the file was taken then.
    pub async fn unpack(&self, context: &Context, path: &Path) -> Result<Unpacked> {
        context.require_admin()?;
        if self.city().is_training() {
            return Err(CourierError::refused(INSIDE));
        }
        self.side()?;
        let file = File::open(path)?;
        let checked = match self.checked(file).await {
            Ok(checked) if self.was_read(checked.manifest.id).await? => {
                let reason = "このファイルは前に取り込んでいます。相手で作った新しいファイルを使ってください。";
                let note = FileNote { outcome: "refused", reason: reason.to_owned(), applied: 0 };
                self.log_file(context, path, "in", Some(&checked.manifest), note).await?;
                return Err(CourierError::refused(reason));
            }
            Ok(checked) => checked,
            Err(CourierError::Refused(reason)) => {
                let note = FileNote { outcome: "refused", reason: reason.clone(), applied: 0 };
                self.log_file(context, path, "in", None, note).await?;
                return Err(CourierError::Refused(reason));
            }
            Err(error) => return Err(error),
        };
        let manifest = checked.manifest.clone();
        let done = self.take_all(checked).await?;
        let outcome = if done.kept > 0 { "waiting" } else { "taken" };
        let note = FileNote { outcome, reason: done.remarks.join(" "), applied: done.applied };
        self.log_file(context, path, "in", Some(&manifest), note).await?;
        Ok(done)
    }

    /// What is to be sent: everything that is not acknowledged, as far as it fits, and the receipts.
    pub(crate) async fn manifest(&self, room: Room) -> Result<Manifest> {
        let (own, peer) = (self.own_key().await?, self.peer_key().await?);
        let mut manifest =
            Manifest::new(self.parts.ids.next(), self.city().code(), self.side()?, &own, &peer, self.now());
        (manifest.parcels, manifest.more) = self.open_parcels(room.bytes, room.parcels).await?;
        manifest.low = self.lowest_open().await?;
        manifest.receipts = self.receipts(RECEIPTS).await?;
        Ok(manifest)
    }

    /// Checks a bundle for this side.
    pub(crate) async fn checked<R: std::io::Read + std::io::Seek>(&self, reader: R) -> Result<Checked<R>> {
        let keys = self.keys().await?;
        let expected = Expected { city: self.city().code(), side: self.side()?, keys: &keys, at: self.now() };
        Checked::read(reader, &expected)
    }

    /// Takes everything in a bundle that was checked.
    pub(crate) async fn take_all<R: std::io::Read + std::io::Seek>(&self, mut checked: Checked<R>) -> Result<Unpacked> {
        let manifest = checked.manifest.clone();
        let mut done = Unpacked {
            range: manifest.range(),
            parcels: manifest.parcels.len(),
            more: manifest.more,
            ..Unpacked::default()
        };
        let (acknowledged, strange) = self.acknowledge(&manifest.receipts).await?;
        done.acknowledged = acknowledged;
        if let Some(seq) = strange.first() {
            done.remarks.push(format!(
                "番号 {seq} など{}件の受取は、こちらが送ったものと違います。こちらが古い控えから戻された可能性があります。",
                strange.len()
            ));
        }
        self.city().write(Unit::of([remember_higher(PEER_LOW, manifest.low)])).await?;
        for (n, entry) in manifest.parcels.iter().enumerate() {
            match self.take(entry, checked.parcel(n)?).await? {
                Taken::Applied => done.applied += 1,
                Taken::Refused => done.refused += 1,
                Taken::Known => done.known += 1,
                Taken::Kept => done.kept += 1,
                Taken::Different => done.remarks.push(format!(
                    "番号 {} には別の中身を受け取り済みです。相手が古い控えから戻された可能性があります。",
                    entry.seq
                )),
            }
        }
        done.applied += self.catch_up().await?;
        if done.kept > 0 {
            let next = self.next_incoming().await?;
            if manifest.parcels.last().is_none_or(|last| last.seq < next) {
                done.kept = 0;
            } else {
                done.remarks.push(format!(
                    "番号 {next} の受渡しがまだ届いていません。届くまで、あとの番号は保留します。相手で作り直したファイルを取り込んでください。"
                ));
            }
        }
        Ok(done)
    }

    async fn write_file(&self, manifest: &Manifest, path: &Path) -> Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        let mut hashed = Sha256::new();
        self.write_bundle(manifest, &mut hashed, &mut |bytes| file.write_all(bytes)).await?;
        file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        Ok(())
    }

    /// Writes a bundle, one parcel at a time.
    pub(crate) async fn write_bundle(
        &self,
        manifest: &Manifest,
        hashed: &mut Sha256,
        write: &mut (dyn FnMut(&[u8]) -> std::io::Result<()> + Send),
    ) -> Result<()> {
        let beginning = bundle::beginning(manifest)?;
        hashed.update(&beginning);
        write(&beginning)?;
        for entry in &manifest.parcels {
            let content = self.sealed_content(entry.seq).await?.ok_or_else(|| {
                CourierError::refused("作っている間に相手の受取が届きました。もう一度作ってください。")
            })?;
            hashed.update(&content);
            write(&content)?;
        }
        let secrets = self.secrets(&manifest.key).await?.ok_or(CourierError::NoKey)?;
        write(&bundle::signature(&secrets, hashed.clone()))?;
        Ok(())
    }

    async fn was_read(&self, bundle: Uuid) -> Result<bool> {
        let sql = Sql::with(
            "SELECT 1 FROM {courier_file} WHERE bundle = $1 AND way = 'in' AND outcome <> 'refused' LIMIT 1",
            [bundle.into()],
        );
        Ok(self.city().read_one(sql).await?.is_some())
    }

    async fn log_file(
        &self,
        context: &Context,
        path: &Path,
        way: &str,
        manifest: Option<&Manifest>,
        note: FileNote,
    ) -> Result<()> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let range = manifest.and_then(Manifest::range);
        let parcels = manifest.map_or(0, |manifest| manifest.parcels.len());
        let row = Sql::with(
            "INSERT INTO {courier_file} (id, bundle, name, way, outcome, reason, first_seq, last_seq, parcels, applied, at, \
             actor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            [
                self.parts.ids.next().into(),
                manifest.map(|manifest| manifest.id).into(),
                name.into(),
                way.into(),
                note.outcome.into(),
                note.reason.into(),
                range.map(|(first, _)| first).into(),
                range.map(|(_, last)| last).into(),
                i64::try_from(parcels).unwrap_or(i64::MAX).into(),
                i64::try_from(note.applied).unwrap_or(i64::MAX).into(),
                self.now().as_microsecond().into(),
                context.act.actor.to_string().into(),
            ],
        );
        self.city().write(Unit::of([Statement::any(row)])).await?;
        Ok(())
    }
}

/// What the log of files says of one.
struct FileNote {
    outcome: &'static str,
    reason: String,
    applied: u64,
}
