//! What hangs on a sheet beside its cells: notes, threads of comments, pictures.

use std::collections::BTreeMap;

use quick_xml::events::Event;

use super::parts::{Parts, add_text, attribute};
use super::strings::RichText;
use crate::book::{Note, Picture};
use crate::error::Result;
use crate::place::Place;

/// Most notes and pictures of a sheet that are kept.
const MOST: usize = 20_000;

/// The notes of a sheet, by their cells. A thread of comments stands for the note that Excel keeps for older programs.
pub(super) fn notes(parts: &mut Parts, sheet: &str) -> Result<Vec<Note>> {
    let mut notes: BTreeMap<Place, String> = BTreeMap::new();
    let related = parts.related(sheet)?;
    for part in related.iter().filter(|related| related.kind == "comments") {
        old_notes(parts, &part.part, &mut notes)?;
    }
    let mut threads: BTreeMap<Place, String> = BTreeMap::new();
    for part in related.iter().filter(|related| related.kind == "threadedComment") {
        threaded(parts, &part.part, &mut threads)?;
    }
    notes.extend(threads);
    Ok(notes.into_iter().map(|(place, text)| Note { place, text }).collect())
}

fn old_notes(parts: &mut Parts, name: &str, notes: &mut BTreeMap<Place, String>) -> Result<()> {
    let Some(mut xml) = parts.xml(name)? else { return Ok(()) };
    let mut open: Option<(Place, RichText)> = None;
    while let Some(event) = xml.next()? {
        if let Event::Start(tag) = &event
            && tag.local_name().as_ref() == "comment"
        {
            let place = attribute(tag, "ref")?.and_then(|text| text.parse().ok());
            open = place.map(|place| (place, RichText::default()));
            continue;
        }
        if let Some((_, text)) = &mut open {
            text.take(&event)?;
        }
        if let Event::End(tag) = &event
            && tag.local_name().as_ref() == "comment"
            && let Some((place, text)) = open.take()
            && notes.len() < MOST
        {
            notes.insert(place, text.finish().0.trim().to_owned());
        }
    }
    Ok(())
}

fn threaded(parts: &mut Parts, name: &str, notes: &mut BTreeMap<Place, String>) -> Result<()> {
    let Some(mut xml) = parts.xml(name)? else { return Ok(()) };
    let (mut place, mut text, mut in_text): (Option<Place>, String, bool) = (None, String::new(), false);
    while let Some(event) = xml.next()? {
        match &event {
            Event::Start(tag) if tag.local_name().as_ref() == "threadedComment" => {
                place = attribute(tag, "ref")?.and_then(|text| text.parse().ok());
            }
            Event::Start(tag) if tag.local_name().as_ref() == "text" => in_text = true,
            Event::End(tag) if tag.local_name().as_ref() == "text" => {
                in_text = false;
                if let Some(place) = place.filter(|_| notes.len() < MOST) {
                    let thread = notes.entry(place).or_default();
                    if !thread.is_empty() {
                        thread.push('\n');
                    }
                    thread.push_str(text.trim());
                }
                text.clear();
            }
            event if in_text => add_text(event, &mut text),
            _ => {}
        }
    }
    Ok(())
}

/// The pictures of a sheet, in the order in which they were put there.
pub(super) fn pictures(parts: &mut Parts, sheet: &str) -> Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    let drawings: Vec<_> = parts.related(sheet)?.into_iter().filter(|related| related.kind == "drawing").collect();
    for drawing in drawings {
        let images = parts.related(&drawing.part)?;
        for (place, id) in anchors(parts, &drawing.part)? {
            let image = images.iter().find(|image| image.id == id && image.kind == "image");
            if let Some(image) = image.filter(|image| pictures.len() < MOST && parts.has(&image.part)) {
                pictures.push(Picture { place, part: image.part.clone() });
            }
        }
    }
    Ok(pictures)
}

/// The cell on which each picture of a drawing hangs, and the id of its image.
fn anchors(parts: &mut Parts, name: &str) -> Result<Vec<(Place, String)>> {
    let Some(mut xml) = parts.xml(name)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let (mut place, mut path, mut text) = (Place::default(), Vec::<String>::new(), String::new());
    while let Some(event) = xml.next()? {
        match &event {
            Event::Start(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                if name == "blip"
                    && path.iter().any(|step| step == "pic")
                    && let Some(id) = attribute(tag, "embed")?
                {
                    found.push((place, id));
                }
                text.clear();
                path.push(name);
            }
            Event::End(tag) => {
                let is_from = path.iter().rev().nth(1).is_some_and(|step| step == "from");
                match tag.local_name().as_ref() {
                    "row" if is_from => place.row = text.trim().parse().unwrap_or_default(),
                    "col" if is_from => place.column = text.trim().parse().unwrap_or_default(),
                    _ => {}
                }
                path.pop();
            }
            event => add_text(event, &mut text),
        }
    }
    Ok(found)
}
