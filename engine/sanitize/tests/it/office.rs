//! Office files: what runs, calls and hides is gone; what is read stays.

use crate::support::{archive, member, members, picture, relations, types};
use image::ImageFormat;
use kawasemi_sanitize::{Limits, Refusal, What, clean};
use proptest::prelude::*;

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const R: &str = "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";

/// A document with macros, whose body is given.
fn document(body: &str, related: &[(&str, &str, &str)], more: &[(&str, &[u8])]) -> Vec<u8> {
    let types = types(&[
        ("word/document.xml", "application/vnd.ms-word.document.macroEnabled.main+xml"),
        ("word/styles.xml", &format!("{WORD}.styles+xml")),
        ("word/vbaData.xml", "application/vnd.ms-word.vbaData+xml"),
        ("word/embeddings/a.bin", "application/vnd.openxmlformats-officedocument.oleObject"),
    ]);
    let root = relations(&[
        ("rId1", "officeDocument", "word/document.xml"),
        ("rId2", "extended-properties", "docProps/app.xml"),
        ("rId3", "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility", "customUI/ui.xml"),
    ]);
    let document = format!(
        "<w:document xmlns:w=\"urn:w\" xmlns:a=\"urn:a\" xmlns:o=\"urn:o\" {R}><w:body>{body}</w:body></w:document>"
    );
    let related = relations(related);
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", root.as_bytes()),
        ("word/document.xml", document.as_bytes()),
        ("word/_rels/document.xml.rels", related.as_bytes()),
        ("docProps/app.xml", b"<Properties><Company>secret</Company></Properties>"),
        ("customUI/ui.xml", b"<customUI onLoad=\"run\"/>"),
    ];
    parts.extend_from_slice(more);
    archive(&parts)
}

fn cleaned(content: &[u8]) -> kawasemi_sanitize::Clean {
    clean("申請書.docm", content, &Limits::default()).expect("is cleaned")
}

fn tells(clean: &kawasemi_sanitize::Clean, what: What) -> bool {
    clean.removed.iter().any(|removed| removed.what == what)
}

#[test]
fn macros_controls_objects_and_links_go_and_the_words_stay() {
    let content = document(
        "<w:p><w:r><w:t>住所 &amp; 氏名</w:t></w:r></w:p>\
         <w:hyperlink r:id=\"rId4\"><w:r><w:t>案内</w:t></w:r></w:hyperlink>\
         <w:object><o:OLEObject r:id=\"rId3\" ProgID=\"Package\"/></w:object><w:control r:id=\"rId5\" w:name=\"x\"/>\
         <w:altChunk r:id=\"rId6\"/><a:blip r:embed=\"rId7\"/><a:blip r:link=\"rId8\"/>",
        &[
            ("rId1", "styles", "styles.xml"),
            ("rId2", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin"),
            ("rId3", "oleObject", "embeddings/a.bin"),
            ("rId4", "hyperlink", "https://evil.example/"),
            ("rId5", "control", "activeX/a.xml"),
            ("rId6", "aFChunk", "chunk.html"),
            ("rId7", "image", "media/a.png"),
            ("rId8", "image", "file://server/share/a.png"),
            ("rId9", "attachedTemplate", "https://evil.example/t.dotm"),
        ],
        &[
            ("word/styles.xml", b"<w:styles xmlns:w=\"urn:w\"/>"),
            ("word/vbaProject.bin", b"Attribute VB_Name"),
            ("word/vbaData.xml", b"<x/>"),
            ("word/embeddings/a.bin", b"MZ payload"),
            ("word/activeX/a.xml", b"<x/>"),
            ("word/chunk.html", b"<script>"),
            ("word/media/a.png", &picture(ImageFormat::Png, 4, 4)),
            ("word/stray.exe", b"MZ"),
        ],
    );
    let clean = cleaned(&content);
    assert_eq!(clean.name, "申請書.docx");
    let names: Vec<String> = members(&clean.content).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "[Content_Types].xml",
            "_rels/.rels",
            "word/document.xml",
            "word/_rels/document.xml.rels",
            "word/styles.xml",
            "word/media/a.png"
        ]
    );
    let text = member(&clean.content, "word/document.xml");
    assert!(text.contains("住所 &amp; 氏名") && text.contains("案内"), "{text}");
    for gone in ["OLEObject", "control", "altChunk", "rId4", "rId8", "evil"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert!(text.contains("r:embed=\"rId7\""), "{text}");
    let related = member(&clean.content, "word/_rels/document.xml.rels");
    assert!(!related.contains("evil") && !related.contains("External") && !related.contains("vba"), "{related}");
    assert!(member(&clean.content, "[Content_Types].xml").contains("wordprocessingml.document.main+xml"));
    for what in [What::Macro, What::Control, What::Embedded, What::External, What::Metadata, What::Renamed] {
        assert!(tells(&clean, what), "{what:?} is told of");
    }
    // What was made is found to be clean: nothing more is removed from it.
    let again = kawasemi_sanitize::clean("申請書.docx", &clean.content, &Limits::default()).expect("is cleaned again");
    assert_eq!((again.removed, again.content), (vec![], clean.content));
}

#[test]
fn fields_that_call_programs_are_switched_off_however_they_are_cut() {
    let field = |pieces: &[&str]| {
        let pieces: String = pieces.iter().map(|piece| format!("<w:instrText>{piece}</w:instrText>")).collect();
        format!(
            "<w:fldChar w:fldCharType=\"begin\"/>{pieces}<w:fldChar w:fldCharType=\"separate\"/><w:t>値</w:t><w:fldChar w:fldCharType=\"end\"/>"
        )
    };
    let body = [
        field(&["D", "DEAU", "TO c:\\\\windows\\\\cmd.exe"]),
        field(&["&#68;&#x44;E x y"]),
        field(&["INCLUDEPICTURE \"http://evil.example/\""]),
        field(&[" PAGE "]),
        "<w:fldSimple w:instr=\"DDE secretword\"><w:t>単純</w:t></w:fldSimple>".to_owned(),
        "<w:fldChar w:fldCharType=\"begin\"/><w:instrText>DDE unclosed</w:instrText>".to_owned(),
    ];
    let clean = cleaned(&document(&body.concat(), &[], &[]));
    let text = member(&clean.content, "word/document.xml");
    for gone in ["cmd.exe", "DEAU", "&#68;", "evil", "secretword", "unclosed"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert!(text.contains(" PAGE ") && text.contains("単純") && text.matches("値").count() == 4, "{text}");
    assert!(tells(&clean, What::Field));
}

fn workbook(sheet: &str, names: &str) -> Vec<u8> {
    let types = types(&[
        ("xl/workbook.xml", &format!("{SHEET}.sheet.main+xml")),
        ("xl/worksheets/sheet1.xml", &format!("{SHEET}.worksheet+xml")),
        ("xl/macrosheets/m.xml", "application/vnd.ms-excel.macrosheet+xml"),
        ("xl/externalLinks/e.xml", &format!("{SHEET}.externalLink+xml")),
        ("xl/calcChain.xml", &format!("{SHEET}.calcChain+xml")),
    ]);
    let book = format!(
        "<workbook xmlns=\"urn:s\" {R}><sheets><sheet name=\"表\" sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"m\" sheetId=\"2\" r:id=\"rId2\"/>\
         </sheets><externalReferences><externalReference r:id=\"rId3\"/></externalReferences><definedNames>{names}</definedNames></workbook>"
    );
    archive(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", relations(&[("rId1", "officeDocument", "/xl/workbook.xml")]).as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        (
            "xl/_rels/workbook.xml.rels",
            relations(&[
                ("rId1", "worksheet", "worksheets/sheet1.xml"),
                ("rId2", "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet", "macrosheets/m.xml"),
                ("rId3", "externalLink", "externalLinks/e.xml"),
                ("rId4", "calcChain", "calcChain.xml"),
            ])
            .as_bytes(),
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        (
            "xl/worksheets/_rels/sheet1.xml.rels",
            relations(&[("rId1", "hyperlink", "https://evil.example/")]).as_bytes(),
        ),
        ("xl/macrosheets/m.xml", b"<macrosheet/>"),
        ("xl/externalLinks/e.xml", b"<externalLink/>"),
        ("xl/calcChain.xml", b"<calcChain/>"),
    ])
}

#[test]
fn formulas_that_reach_out_become_values() {
    let cells: String = [
        "[1]外!A1",
        "cmd|'/c calc'!A0",
        "WEBSERVICE(\"x\")",
        "'[2]表 1'!A1+1",
        "SUM(A1:A2)",
        "表1[2024]",
        "表1[[2024]:[2025]]",
        "RECALL(1)",
        "\"[\"&amp;[3]外!A1",
        "表1[[1]",
        "[0]!名前",
    ]
    .iter()
    .map(|formula| format!("<c><f>{formula}</f><v>7</v></c>"))
    .collect();
    let shared = "<c><f t=\"shared\" si=\"0\" ref=\"A1:A2\">[1]外!B1</f><v>8</v></c><c><f t=\"shared\" si=\"0\"/><v>9</v></c><c><f t=\"shared\" si=\"1\">A1</f></c>";
    let names = "<definedName name=\"_xlnm.Auto_Open\">m!$A$1</definedName><definedName name=\"外\">[1]外!A1</definedName>\
                 <definedName name=\"範囲\">表!$A$1</definedName><definedName name=\"x\" vbProcedure=\"1\">f</definedName>";
    let sheet = format!(
        "<worksheet xmlns=\"urn:s\" {R}><sheetData><row>{cells}{shared}</row></sheetData><hyperlinks><hyperlink ref=\"A1\" r:id=\"rId1\"/></hyperlinks></worksheet>"
    );
    let content = workbook(&sheet, names);
    let clean = clean("一覧.xlsx", &content, &Limits::default()).expect("is cleaned");
    let text = member(&clean.content, "xl/worksheets/sheet1.xml");
    assert_eq!(text.matches("<v>7</v>").count(), 11);
    for gone in ["[1]", "cmd|", "WEBSERVICE", "[2]", "[3]", "[[1]", "hyperlink", "si=\"0\""] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    for kept in ["SUM(A1:A2)", "表1[2024]", "表1[[2024]:[2025]]", "RECALL(1)", "[0]!名前", "si=\"1\"", "<v>9</v>"] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    let book = member(&clean.content, "xl/workbook.xml");
    assert!(book.contains("範囲") && book.contains("name=\"表\""), "{book}");
    for gone in ["Auto_Open", "外", "\"m\"", "vbProcedure", "externalReference"] {
        assert!(!book.contains(gone), "{gone}: {book}");
    }
    assert!(members(&clean.content).iter().all(|(name, _)| !name.contains("calcChain") && !name.contains("external")));
}

#[test]
fn pictures_are_made_anew_and_other_kinds_become_empty_ones() {
    let content = document(
        "<a:blip r:embed=\"rId1\"/>",
        &[("rId1", "image", "media/a.emf")],
        &[("word/media/a.emf", b"\x01\0\0\0metafile")],
    );
    let clean = cleaned(&content);
    assert!(member(&clean.content, "word/document.xml").contains("rId1"));
    assert!(
        members(&clean.content)
            .iter()
            .any(|(name, content)| name == "word/media/a.emf.blank.png" && content.starts_with(b"\x89PNG"))
    );
    assert!(tells(&clean, What::Picture));
}

#[test]
fn what_is_malformed_is_refused() {
    let refused = |content: &[u8]| clean("x.docx", content, &Limits::default()).expect_err("is refused");
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><w:p xmlns:w=\"urn:w\">&a;</w:p>";
    let related = [("rId1", "styles", "styles.xml")];
    for part in [
        bomb,
        "<w:p xmlns:w=\"urn:w\">&a;</w:p>",
        "<a><b></a>",
        "<a>",
        "",
        "<a x=1/>",
        "\u{0}",
        "text",
        "<a/><b/>",
        "<a>&#0;</a>",
    ] {
        let content = document("", &related, &[("word/styles.xml", part.as_bytes())]);
        assert!(matches!(refused(&content), Refusal::Broken(said) if said.contains("styles.xml")), "{part}");
    }
    assert!(matches!(refused(&archive(&[("[Content_Types].xml", b"<Types/>"), ("word/a", b"")])), Refusal::Broken(_)));
    let binary = archive(&[
        (
            "[Content_Types].xml",
            types(&[("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main")]).as_bytes(),
        ),
        ("_rels/.rels", relations(&[("rId1", "officeDocument", "xl/workbook.bin")]).as_bytes()),
        ("xl/workbook.bin", b"x"),
    ]);
    assert!(matches!(refused(&binary), Refusal::NotTaken(said) if said.contains("xlsb")));
}

/// Pieces of a document, of which some open and some close something.
const PIECES: [&str; 18] = [
    "<w:p>",
    "</w:p>",
    "<w:fldChar w:fldCharType=\"begin\"/>",
    "<w:fldChar w:fldCharType=\"separate\"/>",
    "<w:fldChar w:fldCharType=\"end\"/>",
    "<w:instrText>",
    "</w:instrText>",
    "DDE",
    "AUTO x",
    " PAGE ",
    "&#68;",
    "&amp;",
    "<w:object>",
    "</w:object>",
    "<o:OLEObject r:id=\"rId1\"/>",
    "<a:graphicFrame>",
    "</a:graphicFrame>",
    "<![CDATA[<x>]]>",
];

proptest! {
    /// Whatever a body is made of, it is refused, or what was made of it is well-formed, calls nothing and is found clean.
    #[test]
    fn what_is_made_is_clean(pieces in proptest::collection::vec(0..PIECES.len(), 0..14)) {
        let body: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        if let Ok(made) = clean("x.docm", &document(&body, &[], &[]), &Limits::default()) {
            let again = clean("x.docx", &made.content, &Limits::default());
            prop_assert_eq!(again.map(|again| (again.content, again.removed)), Ok((made.content.clone(), vec![])));
            let text = member(&made.content, "word/document.xml");
            prop_assert!(!text.contains("OLEObject"));
            let in_field = text.split("\"begin\"/>").nth(1).unwrap_or_default();
            prop_assert!(!in_field.starts_with("<w:instrText>DDE"), "{}", text);
        }
    }
}
