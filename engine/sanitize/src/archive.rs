//! ZIP archives: each member is made anew like a file of its own. One that is refused refuses the archive, by name: an
//! archive that arrives with something missing would pass for whole.

use crate::unpack::{self, Member};
use crate::{Budget, Kind, Limits, Made, Refusal, Removed, Result, What, clean_at, note};

/// What operating systems leave in archives, and nobody looks at.
const LITTER: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// An archive whose members were made anew.
pub(crate) fn clean(content: &[u8], limits: &Limits, budget: &mut Budget, depth: u32) -> Result<Made> {
    if depth >= limits.depth {
        let limit = format!("{} 段", limits.depth);
        return Err(Refusal::TooMuch {
            what: "ZIP の入れ子", limit, todo: "展開してから送ってください。"
        });
    }
    let mut removed = Vec::new();
    let mut made: Vec<Member> = Vec::new();
    for Member { name, content } in unpack::read(content, limits, budget)? {
        let (folder, base) = name.rsplit_once('/').map_or(("", name.as_str()), |(folder, base)| (folder, base));
        if LITTER.contains(&base) || name.starts_with("__MACOSX/") {
            note(&mut removed, What::Part, &name);
            continue;
        }
        let clean = clean_at(base, &content, limits, budget, depth + 1).map_err(|refusal| blamed(&name, refusal))?;
        let inside = |inner: Removed| match inner.place.as_str() {
            "" => Removed { what: inner.what, place: name.clone() },
            place => Removed { what: inner.what, place: format!("{name} › {place}") },
        };
        removed.extend(clean.removed.into_iter().map(inside));
        let new_name = if folder.is_empty() { clean.name } else { format!("{folder}/{}", clean.name) };
        if made.iter().any(|other| other.name.eq_ignore_ascii_case(&new_name)) {
            return Err(Refusal::Broken(format!("ZIP の「{new_name}」の名前が重なります")));
        }
        made.push(Member { name: new_name, content: clean.content });
    }
    Ok((unpack::write(&made)?, Kind::Zip, removed))
}

/// Says which member it was. What the installation can't do is no member's fault.
fn blamed(name: &str, refusal: Refusal) -> Refusal {
    match refusal {
        refusal @ Refusal::Unable(_) => refusal,
        Refusal::Member { member, reason } => Refusal::Member { member: format!("{name} › {member}"), reason },
        refusal => Refusal::Member { member: name.to_owned(), reason: Box::new(refusal) },
    }
}
