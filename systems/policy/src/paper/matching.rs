//! Which initiative of a paper is which initiative of the ledger, so that importing a corrected paper updates instead of
//! duplicating.
//!
//! An initiative has no number in the paper. Its key is department, theme and title; a corrected paper changes any of them.
//! So the comparison goes from the certain to the likely, one to one at every step, and never takes a known initiative
//! twice:
//!
//! 1. the same folded title under the same theme of the same department;
//! 2. the same folded title under another theme of the department (moved);
//! 3. a similar title under the same theme ([`TITLE_SIMILARITY_MIN`]), or a title changed more while its outline stayed;
//! 4. a nearly equal title and outline under another theme (moved and corrected);
//! 5. the same title and nearly the same outline in another department (moved);
//! 6. a similar title and nearly the same outline in another department (moved and corrected).
//!
//! Before all that, a department that the paper names newly is taken for one that it names no more, if they share their
//! initiatives: it was renamed, and what belongs to it is compared as within one department.
//!
//! Two titles that differ in a number or a compass point (第1期 and 第2期, 北分署 and 南分署) look alike but are two things;
//! they count as similar only if their outlines agree as well.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::Hash;

use serde::Serialize;

use super::{Paper, PaperDepartment, PaperInitiative, fold_title};
use crate::kernel::text::fold;

/// The least similarity of two titles of one initiative: 1 minus the edits per character.
pub const TITLE_SIMILARITY_MIN: f64 = 0.75;

/// The least similarity of two titles of which the outline shows that they are one initiative.
const REWORDED_TITLE_SIMILARITY_MIN: f64 = 0.3;

/// The least similarity of two outlines that are one text, corrected.
const SAME_OUTLINE_MIN: f64 = 0.85;

/// The least similarity of two outlines about the same thing.
const RELATED_OUTLINE_MIN: f64 = 0.5;

/// The characters that an outline needs to be told from another.
const OUTLINE_CHARS_MIN: usize = 12;

/// The most pairs of which one step compares the titles, and the most pairs of one title for each initiative stated. A
/// department has a handful of initiatives, so these only stop a hostile paper.
const SIMILAR_PAIRS_MAX: usize = 40_000;
const EQUAL_PAIRS_MAX: usize = 50;

/// An initiative of the ledger, of the paper's fiscal year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known<Id> {
    /// The record.
    pub id: Id,
    /// The name of its department.
    pub department: String,
    /// The name of its priority theme, empty if it has none.
    pub theme: String,
    /// Its name.
    pub title: String,
    /// Its outline.
    pub summary: String,
}

/// An initiative of the paper: the index of its department and its own in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The index into [`Paper::departments`].
    pub department: usize,
    /// The index into [`PaperDepartment::initiatives`].
    pub initiative: usize,
}

/// What importing a paper would do. Every initiative of the paper and every known one occurs exactly once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan<Id> {
    /// Initiatives that the ledger does not have, in the order of the paper.
    pub added: Vec<Position>,
    /// Initiatives that the paper states differently, in the order of the paper.
    pub updated: Vec<Updated<Id>>,
    /// Initiatives that are as the paper states them, in the order of the paper.
    pub unchanged: Vec<(Id, Position)>,
    /// Initiatives of the ledger that the paper does not name, in the order given. They are never deleted: the planning
    /// section decides.
    pub missing: Vec<Id>,
    /// Departments of the paper that were called otherwise before, by index, with their former names.
    pub renamed: Vec<(usize, String)>,
}

/// An initiative that the paper states differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Updated<Id> {
    /// The record.
    pub id: Id,
    /// The initiative of the paper.
    pub position: Position,
    /// What differs, never empty.
    pub changes: Vec<Change>,
}

/// A difference between the ledger and the paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which field differs.
    pub field: ChangedField,
    /// The ledger's text.
    pub before: String,
    /// The paper's text.
    pub after: String,
}

/// A field that a paper states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedField {
    /// The department (moved).
    Department,
    /// The priority theme (moved).
    Theme,
    /// The name.
    Title,
    /// The outline.
    Summary,
}

impl Paper {
    /// The initiative at a position of this paper.
    pub fn at(&self, position: Position) -> Option<(&PaperDepartment, &PaperInitiative)> {
        let department = self.departments.get(position.department)?;
        Some((department, department.initiatives.get(position.initiative)?))
    }
}

/// Compares what the ledger has for the paper's fiscal year with the paper.
pub fn match_initiatives<Id: Clone>(existing: &[Known<Id>], paper: &Paper) -> Plan<Id> {
    let mut pairing = Pairing::new(existing, paper);
    pairing.pair_equal(|side| (side.department.clone(), side.theme.clone(), side.title.clone()));
    pairing.pair_equal(|side| (side.department.clone(), String::new(), side.title.clone()));
    pairing.pair_similar(|side| (side.department.clone(), side.theme.clone()), same_theme_likeness);
    pairing.pair_similar(|side| (side.department.clone(), String::new()), moved_likeness);
    pairing.pair_similar(|side| (side.title.clone(), String::new()), other_department_likeness);
    pairing.pair_similar(|_| (String::new(), String::new()), moved_likeness);
    pairing.plan(existing, paper)
}

/// An initiative of either side, folded for comparing.
struct Side {
    department: String,
    theme: String,
    title: String,
    /// The pairs of neighbouring characters of the outline, sorted.
    outline: Vec<(char, char)>,
}

impl Side {
    fn new(department: &str, theme: &str, title: &str, summary: &str) -> Self {
        let letters = fold(summary).chars().filter(|c| c.is_alphanumeric()).take(1_000).collect::<Vec<char>>();
        let mut outline = letters.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<(char, char)>>();
        outline.sort_unstable();
        let title = fold_title(title).chars().take(200).collect();
        Self { department: fold_title(department), theme: fold_title(theme), title, outline }
    }
}

/// How far the two sides have been paired.
struct Pairing {
    known: Vec<Side>,
    stated: Vec<Side>,
    positions: Vec<Position>,
    /// For each stated initiative, the known one.
    partner: Vec<Option<usize>>,
    is_taken: Vec<bool>,
    renamed: Vec<(usize, String)>,
}

impl Pairing {
    fn new<Id>(existing: &[Known<Id>], paper: &Paper) -> Self {
        let known =
            existing.iter().map(|known| Side::new(&known.department, &known.theme, &known.title, &known.summary));
        let known = known.collect::<Vec<Side>>();
        let (mut stated, mut positions) = (Vec::new(), Vec::new());
        for (department_index, department) in paper.departments.iter().enumerate() {
            for (index, initiative) in department.initiatives.iter().enumerate() {
                let PaperInitiative { theme, title, summary, .. } = initiative;
                stated.push(Side::new(&department.name, theme, title, summary));
                positions.push(Position { department: department_index, initiative: index });
            }
        }
        let (partner, is_taken) = (vec![None; stated.len()], vec![false; known.len()]);
        let mut pairing = Self { known, stated, positions, partner, is_taken, renamed: Vec::new() };
        for (new, old) in renames(&pairing.known, &pairing.stated) {
            let former = existing.iter().find(|one| fold_title(&one.department) == old);
            let index = paper.departments.iter().position(|department| fold_title(&department.name) == new);
            if let (Some(index), Some(former)) = (index, former) {
                pairing.renamed.push((index, former.department.clone()));
            }
            pairing
                .stated
                .iter_mut()
                .filter(|side| side.department == new)
                .for_each(|side| side.department.clone_from(&old));
        }
        pairing
    }

    /// Pairs what has the same key; among several of one key, those whose outlines are most alike.
    fn pair_equal(&mut self, key: impl Fn(&Side) -> (String, String, String)) {
        let pairs_max = EQUAL_PAIRS_MAX * self.stated.len();
        self.pair(key, |known, stated| Some(1.0 + outline_similarity(known, stated)), pairs_max);
    }

    /// Pairs, within each group of one key, what is like enough.
    fn pair_similar(
        &mut self,
        key: impl Fn(&Side) -> (String, String),
        likeness: impl Fn(&Side, &Side) -> Option<f64>,
    ) {
        self.pair(key, likeness, SIMILAR_PAIRS_MAX);
    }

    /// Pairs, within each group of one key, the most alike first; of equally alike ones, those first in the paper.
    fn pair<K: Eq + Hash>(
        &mut self,
        key: impl Fn(&Side) -> K,
        likeness: impl Fn(&Side, &Side) -> Option<f64>,
        pairs_max: usize,
    ) {
        let mut groups: HashMap<K, Vec<usize>> = HashMap::new();
        for (index, side) in self.known.iter().enumerate().filter(|(index, _)| !self.is_taken[*index]) {
            groups.entry(key(side)).or_default().push(index);
        }
        let mut pairs = Vec::new();
        let mut compared = 0;
        for (stated, side) in self.stated.iter().enumerate().filter(|(index, _)| self.partner[*index].is_none()) {
            for known in groups.get(&key(side)).into_iter().flatten().take(pairs_max.saturating_sub(compared)) {
                compared += 1;
                if let Some(score) = likeness(&self.known[*known], side) {
                    pairs.push((score, stated, *known));
                }
            }
        }
        pairs.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
        for (_, stated, known) in pairs {
            if self.partner[stated].is_none() && !self.is_taken[known] {
                self.partner[stated] = Some(known);
                self.is_taken[known] = true;
            }
        }
    }

    fn plan<Id: Clone>(self, existing: &[Known<Id>], paper: &Paper) -> Plan<Id> {
        let mut plan = Plan {
            added: Vec::new(),
            updated: Vec::new(),
            unchanged: Vec::new(),
            missing: Vec::new(),
            renamed: self.renamed,
        };
        for (position, partner) in self.positions.into_iter().zip(self.partner) {
            let Some(known) = partner.map(|index| &existing[index]) else {
                plan.added.push(position);
                continue;
            };
            let id = known.id.clone();
            let changes = paper.at(position).map(|(department, stated)| changes(known, department, stated));
            match changes.filter(|changes| !changes.is_empty()) {
                Some(changes) => plan.updated.push(Updated { id, position, changes }),
                None => plan.unchanged.push((id, position)),
            }
        }
        let left = existing.iter().zip(self.is_taken).filter(|(_, is_taken)| !is_taken);
        plan.missing = left.map(|(known, _)| known.id.clone()).collect();
        plan
    }
}

/// Departments that were renamed, new name and old, folded: each side names one that the other does not, and at least half of
/// the initiatives of the smaller have the same titles. A single title in common is enough only if its outline is the same.
fn renames(known: &[Side], stated: &[Side]) -> Vec<(String, String)> {
    let of = |sides: &[Side], others: &[Side]| {
        let mut names: Vec<String> = Vec::new();
        for side in sides {
            if !names.contains(&side.department) && others.iter().all(|other| other.department != side.department) {
                names.push(side.department.clone());
            }
        }
        names
    };
    let mut likely = Vec::new();
    for new in of(stated, known) {
        for old in of(known, stated) {
            let mine: Vec<&Side> = stated.iter().filter(|side| side.department == new).collect();
            let theirs: Vec<&Side> = known.iter().filter(|side| side.department == old).collect();
            let same = |side: &&&Side| {
                theirs.iter().any(|other| {
                    other.title == side.title
                        && (mine.len().min(theirs.len()) > 2 || outline_similarity(other, side) >= SAME_OUTLINE_MIN)
                })
            };
            let common = mine.iter().filter(same).count();
            if common > 0 && common * 2 >= mine.len().min(theirs.len()) {
                likely.push((common, new.clone(), old));
            }
        }
    }
    likely.sort_by_key(|(common, ..)| std::cmp::Reverse(*common));
    let mut found: Vec<(String, String)> = Vec::new();
    for (_, new, old) in likely {
        if found.iter().all(|(taken_new, taken_old)| *taken_new != new && *taken_old != old) {
            found.push((new, old));
        }
    }
    found
}

/// Step 3: a similar title, or another title over the same outline.
fn same_theme_likeness(known: &Side, stated: &Side) -> Option<f64> {
    let title = strsim::normalized_levenshtein(&known.title, &stated.title);
    if title < REWORDED_TITLE_SIMILARITY_MIN {
        return None;
    }
    let outline = outline_similarity(known, stated);
    let is_corrected = title >= TITLE_SIMILARITY_MIN
        && (outline >= RELATED_OUTLINE_MIN || marks_of_difference(&known.title) == marks_of_difference(&stated.title));
    // What was split or extended keeps the beginning of its name.
    let is_part = known.title.starts_with(&stated.title) || stated.title.starts_with(&known.title);
    let is_same = is_corrected || outline >= SAME_OUTLINE_MIN || (is_part && outline >= RELATED_OUTLINE_MIN);
    is_same.then_some(title + outline)
}

/// Steps 4 and 6: under another theme or in another department, both must be nearly equal.
fn moved_likeness(known: &Side, stated: &Side) -> Option<f64> {
    let title = strsim::normalized_levenshtein(&known.title, &stated.title);
    let outline = outline_similarity(known, stated);
    (title >= TITLE_SIMILARITY_MIN && outline >= SAME_OUTLINE_MIN).then_some(title + outline)
}

/// Step 5: the titles are equal; the outline must nearly be.
fn other_department_likeness(known: &Side, stated: &Side) -> Option<f64> {
    let outline = outline_similarity(known, stated);
    (outline >= SAME_OUTLINE_MIN).then_some(outline)
}

/// The share of neighbouring characters that two outlines have in common (Sørensen–Dice); 0 if one is too short to tell
/// anything. `strsim` has the measure too, but counts bytes against characters, so that no two Japanese texts are alike.
fn outline_similarity(known: &Side, stated: &Side) -> f64 {
    let (one, other) = (&known.outline, &stated.outline);
    if one.len() < OUTLINE_CHARS_MIN || other.len() < OUTLINE_CHARS_MIN {
        return 0.0;
    }
    let (mut at_one, mut at_other, mut common) = (0, 0, 0);
    while let (Some(left), Some(right)) = (one.get(at_one), other.get(at_other)) {
        let order = left.cmp(right);
        at_one += usize::from(order != Ordering::Greater);
        at_other += usize::from(order != Ordering::Less);
        common += usize::from(order == Ordering::Equal);
    }
    (2 * common) as f64 / (one.len() + other.len()) as f64
}

/// The numbers and compass points of a title, which tell apart what else looks alike.
fn marks_of_difference(title: &str) -> Vec<char> {
    title.chars().filter(|c| c.is_numeric() || "東西南北一二三四五六七八九十".contains(*c)).collect()
}

fn changes<Id>(known: &Known<Id>, department: &PaperDepartment, stated: &PaperInitiative) -> Vec<Change> {
    let fields = [
        (ChangedField::Department, &known.department, &department.name),
        (ChangedField::Theme, &known.theme, &stated.theme),
        (ChangedField::Title, &known.title, &stated.title),
        (ChangedField::Summary, &known.summary, &stated.summary),
    ];
    let differing = fields.into_iter().filter(|(_, before, after)| before != after);
    differing.map(|(field, before, after)| Change { field, before: before.clone(), after: after.clone() }).collect()
}
