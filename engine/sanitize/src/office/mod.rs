//! Office files (docx, xlsx, pptx and their kinds with macros): the parts that are reached from the beginning and are known to be
//! harmless are written into a new file; each XML part is read and written anew on the way.
//!
//! It is a list of what is kept, not of what is dropped: a kind of part that a later Office invents is left out until somebody
//! has looked at it.

mod fields;
mod relations;
mod xml;

use std::collections::{BTreeMap, HashMap, VecDeque};

use self::relations::{Relation, folder_of, read_relations, relations_of};
use crate::unpack::{self, Member};
use crate::{Budget, Kind, Limits, Made, Refusal, Removed, Result, What, detect, note, picture};

const TYPES: &str = "[Content_Types].xml";
const OPEN: &str = "application/vnd.openxmlformats-officedocument.";
const RELATIONS_TYPE: &str = "application/vnd.openxmlformats-package.relationships+xml";
/// The end of the relationship that leads to the main part.
const MAIN: &str = "/officeDocument";

/// Kinds of parts beside those of the standard that are kept.
const ALSO_KEPT: [&str; 4] = [
    "application/vnd.ms-office.chartstyle+xml",
    "application/vnd.ms-office.chartcolorstyle+xml",
    "application/vnd.ms-excel.threadedcomments+xml",
    "application/vnd.ms-excel.person+xml",
];

/// What kinds of parts are dropped for, by a word of their type, in lower case; the first that fits.
const DROPPED: [(&str, What); 17] = [
    ("vba", What::Macro),
    ("macrosheet", What::Macro),
    ("dialogsheet", What::Macro),
    ("customui", What::Macro),
    ("keymap", What::Macro),
    ("activex", What::Control),
    ("controlprop", What::Control),
    ("ctrlprop", What::Control),
    ("oleobject", What::Embedded),
    ("package", What::Embedded),
    ("afchunk", What::Embedded),
    ("externallink", What::External),
    ("connections", What::External),
    ("querytable", What::External),
    ("volatiledependencies", What::External),
    ("printersettings", What::Metadata),
    ("properties", What::Metadata),
];

/// An Office file made anew, as the plain kind of its program.
pub(crate) fn clean(kind: Kind, content: &[u8], limits: &Limits, budget: &mut Budget) -> Result<Made> {
    let mut parts = BTreeMap::new();
    for Member { name, content } in unpack::read(content, limits, budget)? {
        parts.insert(name.to_lowercase(), Member { name, content });
    }
    let types = Types::read(&part(&parts, TYPES)?.content)?;
    let mut work = Work { kind, parts, types, limits, made: Vec::new(), overrides: Vec::new(), removed: Vec::new() };
    let root = work.root()?;
    work.write_relations("", std::slice::from_ref(&root));
    let mut waiting = VecDeque::from([root.target]);
    while let Some(name) = waiting.pop_front() {
        if !work.has_made(&name) {
            waiting.extend(work.make(&name)?);
        }
    }
    work.finish()
}

fn part<'a>(parts: &'a BTreeMap<String, Member>, name: &str) -> Result<&'a Member> {
    parts.get(&name.to_lowercase()).ok_or_else(|| Refusal::Broken(format!("{name} がありません")))
}

/// `[Content_Types].xml`
struct Types {
    /// By ending, in lower case.
    defaults: HashMap<String, String>,
    /// By part, in lower case and without the leading slash.
    overrides: HashMap<String, String>,
}

impl Types {
    fn read(content: &[u8]) -> Result<Self> {
        let (mut defaults, mut overrides) = (HashMap::new(), HashMap::new());
        for (element, attributes) in xml::flat(content)? {
            let get = |key: &str| attributes.get(key).cloned().unwrap_or_default();
            match element.as_str() {
                "Default" => defaults.insert(get("Extension").to_lowercase(), get("ContentType")),
                "Override" => {
                    let part = get("PartName").to_lowercase();
                    overrides.insert(part.trim_start_matches('/').to_owned(), get("ContentType"))
                }
                _ => None,
            };
        }
        Ok(Self { defaults, overrides })
    }

    /// The type of a part in lower case, in which types are compared.
    fn of(&self, part: &str) -> String {
        self.as_written(part).to_lowercase()
    }

    fn as_written(&self, part: &str) -> &str {
        let part = part.to_lowercase();
        let ending = part.rsplit_once('.').map_or("", |(_, ending)| ending);
        self.overrides.get(&part).or_else(|| self.defaults.get(ending)).map_or("", String::as_str)
    }
}

/// What becomes of the target of a relationship.
enum Fate {
    /// It is kept under its name.
    Kept,
    /// An empty picture takes its place.
    Blank,
    /// It goes, and the relationship with it.
    Dropped(What),
}

struct Work<'a> {
    kind: Kind,
    parts: BTreeMap<String, Member>,
    types: Types,
    limits: &'a Limits,
    made: Vec<Member>,
    /// The types of what was made.
    overrides: Vec<(String, String)>,
    removed: Vec<Removed>,
}

impl Work<'_> {
    /// The relationship that leads to the main part: the only one that is followed from the root, where properties of the
    /// document, thumbnails and customisations of menus hang as well.
    fn root(&mut self) -> Result<Relation> {
        let (main, others): (Vec<_>, Vec<_>) = read_relations(&part(&self.parts, "_rels/.rels")?.content, "")?
            .into_iter()
            .partition(|relation| relation.kind.ends_with(MAIN) && !relation.is_external);
        for relation in others {
            let what = if relation.kind.contains("/ui/") { What::Macro } else { What::Metadata };
            note(&mut self.removed, what, "");
        }
        let [main] = <[Relation; 1]>::try_from(main)
            .map_err(|_| Refusal::Broken("本体の部品が一つではありません".to_owned()))?;
        let kind = self.types.of(&main.target);
        if kind.contains("sheet.binary") {
            return Err(Refusal::NotTaken(
                "バイナリー形式のブック（xlsb）は受け取れません。xlsx で保存し直してから送ってください。",
            ));
        }
        let word = match self.kind {
            Kind::Word => "word",
            Kind::Excel => "sheet.",
            _ => "presentation",
        };
        let is_ours = kind.ends_with(".main+xml") && !kind.contains("addin");
        let is_template = self.kind == Kind::Excel && kind.contains("excel.template")
            || self.kind == Kind::Slides && (kind.contains("slideshow") || kind.contains("powerpoint"))
            || self.kind == Kind::Excel && kind.contains("spreadsheetml");
        if !is_ours || !(kind.contains(word) || is_template) {
            return Err(Refusal::Unknown);
        }
        Ok(main)
    }

    fn has_made(&self, name: &str) -> bool {
        self.made.iter().any(|member| member.name.eq_ignore_ascii_case(name))
    }

    /// Makes a part anew and answers the parts that it leads to.
    fn make(&mut self, name: &str) -> Result<Vec<String>> {
        if let Some(original) = name.strip_suffix(BLANK) {
            note(&mut self.removed, What::Picture, original);
            self.made.push(Member { name: name.to_owned(), content: picture::blank()? });
            self.overrides.push((name.to_owned(), "image/png".to_owned()));
            return Ok(Vec::new());
        }
        let content = part(&self.parts, name)?.content.clone();
        let kind = self.types.of(name);
        if kind.starts_with("image/") {
            return self.make_picture(name, &content).map(|()| Vec::new());
        }
        let mut gone = HashMap::new();
        let mut kept = Vec::new();
        if let Some(member) = self.parts.get(&relations_of(name).to_lowercase()) {
            for relation in read_relations(&member.content, folder_of(name))? {
                match self.fate(&relation) {
                    Fate::Kept => kept.push(relation),
                    Fate::Blank => kept.push(Relation { target: format!("{}{BLANK}", relation.target), ..relation }),
                    Fate::Dropped(what) => {
                        note(&mut self.removed, what, name);
                        gone.insert(relation.id, what);
                    }
                }
            }
        }
        let rewritten = xml::rewrite(&content, &gone).map_err(|refusal| placed(refusal, name))?;
        for what in rewritten.removed {
            note(&mut self.removed, what, name);
        }
        self.made.push(Member { name: name.to_owned(), content: rewritten.content });
        self.overrides.push((name.to_owned(), self.plain(name)));
        self.write_relations(name, &kept);
        Ok(kept.into_iter().map(|relation| relation.target).collect())
    }

    /// A picture is kept where it is one of the kinds that are written anew, whatever its name and type say.
    fn make_picture(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let kind = detect(content).map_err(|refusal| placed(refusal, name))?;
        let (content, kind, removed) =
            picture::clean(kind, content, self.limits).map_err(|refusal| placed(refusal, name))?;
        if !removed.is_empty() {
            note(&mut self.removed, What::Metadata, name);
        }
        self.made.push(Member { name: name.to_owned(), content });
        self.overrides.push((name.to_owned(), kind.media_type().to_owned()));
        Ok(())
    }

    fn fate(&self, relation: &Relation) -> Fate {
        if relation.is_external {
            return Fate::Dropped(What::External);
        }
        let Some(target) = self.parts.get(&relation.target.to_lowercase()) else {
            return Fate::Dropped(What::Part);
        };
        let (kind, way) = (self.types.of(&relation.target), relation.kind.to_lowercase());
        let way = way.rsplit('/').next().unwrap_or_default();
        if way == "calcchain" {
            // It names the cells with formulas, of which some may be gone; Excel makes it again.
            return Fate::Dropped(What::Part);
        }
        let words = [kind.trim_start_matches(OPEN), way];
        if let Some((_, what)) = DROPPED.iter().find(|(word, _)| words.iter().any(|said| said.contains(word))) {
            return Fate::Dropped(*what);
        }
        if kind.contains("svg") || kind.contains("ms-photo") {
            // Each stands beside a plain picture of the same, as a better one.
            return Fate::Dropped(What::Picture);
        }
        if kind.starts_with("image/") {
            let is_picture = matches!(detect(&target.content), Ok(Kind::Png | Kind::Jpeg | Kind::Gif));
            return if is_picture { Fate::Kept } else { Fate::Blank };
        }
        let is_xml = kind.ends_with("+xml") || kind.ends_with("vmldrawing");
        if kind.starts_with(OPEN) && is_xml || ALSO_KEPT.contains(&kind.as_str()) {
            return Fate::Kept;
        }
        Fate::Dropped(What::Part)
    }

    /// The type of a part; that of a main part with macros, or of a template, as that of a plain document.
    fn plain(&self, name: &str) -> String {
        let is_main = self.types.of(name).ends_with(".main+xml");
        match self.kind {
            Kind::Word if is_main => format!("{OPEN}wordprocessingml.document.main+xml"),
            Kind::Excel if is_main => format!("{OPEN}spreadsheetml.sheet.main+xml"),
            Kind::Slides if is_main => format!("{OPEN}presentationml.presentation.main+xml"),
            _ => self.types.as_written(name).to_owned(),
        }
    }

    fn write_relations(&mut self, name: &str, kept: &[Relation]) {
        if !kept.is_empty() {
            let content = relations::write(kept).into_bytes();
            self.made.push(Member { name: relations_of(name), content });
        }
    }

    fn finish(mut self) -> Result<Made> {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
        text.push_str("<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">");
        text.push_str(&format!("<Default Extension=\"rels\" ContentType=\"{RELATIONS_TYPE}\"/>"));
        text.push_str("<Default Extension=\"xml\" ContentType=\"application/xml\"/>");
        for (part, kind) in &self.overrides {
            let (part, kind) = (xml::escaped(part), xml::escaped(kind));
            text.push_str(&format!("<Override PartName=\"/{part}\" ContentType=\"{kind}\"/>"));
        }
        text.push_str("</Types>");
        self.made.insert(0, Member { name: TYPES.to_owned(), content: text.into_bytes() });
        self.removed.retain(|removed| !(removed.what == What::Part && removed.place.is_empty()));
        Ok((unpack::write(&self.made)?, self.kind, self.removed))
    }
}

/// The ending that a picture's name gets when an empty one takes its place.
const BLANK: &str = ".blank.png";

/// A refusal that says in which part.
fn placed(refusal: Refusal, name: &str) -> Refusal {
    match refusal {
        Refusal::Broken(said) => Refusal::Broken(format!("{name}: {said}")),
        refusal => refusal,
    }
}
