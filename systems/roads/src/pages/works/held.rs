//! A work with its papers and photographs, and what its delivery would hold and lacks.

use crate::definitions::{PAPER, PHOTO, WORK};
use crate::kernel::{Lang, RecordId};
use crate::ledger::{ListRequest, Visible};
use crate::pages::pieces::shown;
use crate::papers::delivery::{self, Piece};
use crate::platform::desk::{Cx, Problem};
use crate::read::{self, Read};
use crate::rules::works::{Delivery, lacking};
use crate::schema::LedgerDef;

/// A work with all that belongs to it.
pub(super) struct Held {
    pub work: Visible,
    pub papers: Vec<Visible>,
    pub photographs: Vec<Visible>,
}

impl Held {
    pub async fn load(cx: &Cx, id: RecordId) -> Result<Self, Problem> {
        let work = cx.ledgers().get(cx.context(), WORK, id).await?;
        let of = || ListRequest::filtered(format!("work = '{id}'"));
        let papers = read::all(cx.ledgers(), cx.context(), PAPER, of()).await?;
        let photographs = read::all(cx.ledgers(), cx.context(), PHOTO, of()).await?;
        Ok(Self { work, papers, photographs })
    }

    /// The files that the delivery holds: those of approved papers, and the photographs.
    pub fn pieces(&self, paper: &LedgerDef, photo: &LedgerDef) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (records, def, is_photo) in [(&self.papers, paper, false), (&self.photographs, photo, true)] {
            for (n, record) in (1..).zip(records) {
                let read = Read::of(record);
                if !is_photo && read.text("state") != "approved" {
                    continue;
                }
                let number = read.int("paper_number").and_then(|number| usize::try_from(number).ok()).unwrap_or(n);
                let kind = shown(def, record, if is_photo { "category" } else { "kind" }, Lang::Ja);
                for file in read.files(if is_photo { "photo" } else { "files" }) {
                    pieces.push(Piece {
                        category: if is_photo { "photo".to_owned() } else { read.text("category").to_owned() },
                        number,
                        title: read.text("title").to_owned(),
                        kind: kind.clone(),
                        on: read.date(if is_photo { "taken_on" } else { "issued_on" }),
                        representative: read.yes("representative"),
                        extension: file.name.rsplit_once('.').map_or("", |(_, extension)| extension).to_owned(),
                        original: file.name.clone(),
                        sha256: file.sha256.clone(),
                        size: file.size,
                    });
                }
            }
        }
        pieces
    }

    /// What the delivery lacks.
    pub fn lacking(&self, pieces: &[Piece]) -> Vec<String> {
        let read = Read::of(&self.work);
        let is_open = |row: &&crate::kernel::ChildRow| Read(&row.fields).text("result") != "passed";
        let approved = |paper: &Visible| {
            let paper = Read::of(paper);
            (paper.text("category").to_owned(), paper.text("state") == "approved")
        };
        let representative = self.photographs.iter().filter(|photo| Read::of(photo).yes("representative")).count();
        lacking(&Delivery {
            papers: self.papers.iter().map(approved).collect(),
            photographs: (self.photographs.len(), representative),
            open_checks: read.rows("checks").iter().filter(is_open).count(),
            is_complete: ["completed", "accepted"].contains(&read.text("state")),
            names: delivery::places(pieces).iter().map(|place| delivery::name(place).to_owned()).collect(),
        })
    }
}
