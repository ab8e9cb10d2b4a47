//! Every component in every language: markup that a strict content security policy, a keyboard and a screen reader can rely on.

#[path = "../../examples/gallery/pages.rs"]
mod pages;

use std::collections::HashSet;

use kawasemi_kernel::Lang;
use kawasemi_ui::field::{FieldKind, FieldView};

fn each_page(check: impl Fn(&str, &str)) {
    for lang in Lang::ALL {
        for (name, html) in pages::all(lang) {
            check(&format!("{lang}/{name}"), &html);
        }
    }
}

/// The values of an attribute, in order.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn nothing_is_inline() {
    each_page(|page, html| {
        assert!(!html.contains(" style=") && !html.contains("<style"), "{page} has an inline style");
        assert!(
            !html.contains("<script>") && !html.contains(" onclick") && !html.contains("javascript:"),
            "{page} has an inline script"
        );
    });
}

#[test]
fn ids_are_unique_and_what_refers_to_them_finds_them() {
    each_page(|page, html| {
        let outside_templates: String =
            html.split("<template").map(|part| part.split_once("</template>").map_or(part, |(_, rest)| rest)).collect();
        let ids = values(&outside_templates, "id");
        let unique: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{page} has an id twice");
        let targets = ["for", "aria-describedby", "aria-labelledby", "aria-controls"];
        for target in
            targets.iter().flat_map(|attribute| values(&outside_templates, attribute)).flat_map(str::split_whitespace)
        {
            assert!(unique.contains(target), "{page}: nothing has the id {target}");
        }
        for link in values(&outside_templates, "href")
            .iter()
            .filter_map(|href| href.strip_prefix('#'))
            .filter(|id| !id.is_empty())
        {
            assert!(unique.contains(link), "{page}: a link leads to #{link}, which is not there");
        }
    });
}

#[test]
fn a_page_has_one_heading_of_the_first_rank() {
    each_page(|page, html| assert_eq!(html.matches("<h1").count(), 1, "{page}"));
}

#[test]
fn no_element_has_an_attribute_twice() {
    each_page(|page, html| {
        for tag in html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).filter(|tag| tag.contains('=')) {
            let outside_values: String = tag.split('"').step_by(2).collect();
            let names: Vec<&str> =
                outside_values.split_whitespace().skip(1).map(|name| name.trim_end_matches('=')).collect();
            let unique: HashSet<&str> = names.iter().copied().collect();
            assert_eq!(names.len(), unique.len(), "{page}: <{tag}>");
        }
    });
}

#[test]
fn everything_entered_is_escaped() {
    let hostile = "\"><script>alert(1)</script>";
    for lang in Lang::ALL {
        for (_, fields) in pages::every_field(true) {
            for field in fields {
                let field = FieldView {
                    label: hostile.into(),
                    hint: Some(hostile.into()),
                    errors: vec![hostile.into()],
                    value: hostile.into(),
                    ..field
                };
                assert!(!field.html(lang).as_str().contains("<script>"), "{:?}", field.kind);
            }
        }
    }
}

#[test]
fn a_mistake_is_tied_to_its_input() {
    let field = FieldView::new("due", "期限", FieldKind::Date).required().error("「期限」を入力してください。");
    let html = field.html(Lang::Ja).into_string();
    assert!(
        html.contains("aria-describedby=\"f-due-hint f-due-error\" aria-required=\"true\" aria-invalid=\"true\""),
        "{html}"
    );
    assert!(html.contains("<div id=\"f-due-error\">"), "{html}");
}
