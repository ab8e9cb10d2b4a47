//! The numbers of an address as they are written, before it is known what they count.

use super::numeral;

/// What stands directly after a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing, or a hyphen or の that leads to the next number.
    None,
    /// 丁目.
    Chome,
    /// 番地: a lot number.
    Banchi,
    /// 番: a block, or a lot.
    Ban,
    /// 号.
    Go,
}

/// A number with its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Its value.
    pub value: u32,
    /// Its digits as they are written.
    pub digits: usize,
    /// What stands after it.
    pub mark: Mark,
}

/// The numbers at the beginning of a text, and where the text goes on that is none of them.
pub(super) fn chain(text: &[char]) -> (Vec<Link>, usize) {
    let mut links = Vec::new();
    let mut end = 0;
    let mut at = skip_spaces(text, usize::from(text.first() == Some(&'-')));
    while let Some((link, after)) = link(&text[at..]) {
        end = at + after;
        let mark = link.mark;
        links.push(link);
        match next(&text[end..], mark) {
            Some(step) => at = end + step,
            None => break,
        }
    }
    (links, end)
}

/// A number with its mark, and where they end. None where it counts something else: a room, a floor, a building.
fn link(text: &[char]) -> Option<(Link, usize)> {
    let number = numeral::leading(text)?;
    let after = &text[number.length..];
    let (mark, length) = match after {
        ['丁', '目', ..] => (Mark::Chome, 2),
        ['番', '地', ..] => (Mark::Banchi, 2),
        ['番', '館' | '街' | '町' | '丁', ..] => return None,
        ['番', ..] => (Mark::Ban, 1),
        ['号', '室' | '棟' | '館' | '線', ..] | ['階' | '棟' | '室', ..] => return None,
        ['号', ..] => (Mark::Go, 1),
        ['F' | 'f', rest @ ..] if !rest.first().is_some_and(char::is_ascii_alphabetic) => return None,
        _ => (Mark::None, 0),
    };
    let digits = if number.is_digits { number.length } else { number.value.to_string().len() };
    Some((Link { value: number.value, digits, mark }, number.length + length))
}

/// How far it is to the next number after one with this mark; none where the numbers end.
fn next(text: &[char], mark: Mark) -> Option<usize> {
    let spaces = skip_spaces(text, 0);
    let joint = match text.get(spaces) {
        Some('-') => Some(skip_spaces(text, spaces + 1)),
        Some('の' | 'ノ' | '之') if spaces == 0 => Some(1),
        _ => None,
    };
    let at = match (mark, joint) {
        (_, Some(at)) => at,
        (Mark::None | Mark::Go, None) => return None,
        (Mark::Chome, None) => spaces,
        (Mark::Banchi | Mark::Ban, None) if spaces == 0 => 0,
        // 550番地 201 is a room, 550番地 1号 goes on.
        (Mark::Banchi, None) => link(&text[spaces..]).filter(|(link, _)| link.mark == Mark::Go).map(|_| spaces)?,
        (Mark::Ban, None) => {
            let goes_on = |link: &Link| link.mark == Mark::Go || link.digits < 3;
            link(&text[spaces..]).filter(|(link, _)| goes_on(link)).map(|_| spaces)?
        }
    };
    link(&text[at..]).map(|_| at)
}

fn skip_spaces(text: &[char], from: usize) -> usize {
    from + text[from..].iter().take_while(|c| **c == ' ').count()
}

/// The room (号室) that the text of a building names, without leading zeros: the number before 号室, or else the last number
/// of three digits or more that counts no floor (階, F), no building (棟, 館) and is no ordinal (第).
pub(super) fn room(building: &[char]) -> Option<String> {
    let runs = runs(building);
    let before_mark = |&(from, to): &(usize, usize)| {
        let mark = to + building[to..].iter().take_while(|c| **c == ' ').count();
        let value = numeral::leading(&building[from..]).filter(|number| from + number.length == to)?.value;
        building[mark..].starts_with(&['号', '室']).then_some(value)
    };
    let by_length = |&(from, to): &(usize, usize)| {
        let (run, after) = (&building[from..to], &building[to..]);
        let is_ordinal = from.checked_sub(1).is_some_and(|place| building[place] == '第');
        let counts_other = matches!(after, ['階' | '棟' | '館', ..] | ['号' | '番', '棟' | '館', ..])
            || matches!(after, ['F' | 'f', rest @ ..] if !rest.first().is_some_and(char::is_ascii_alphabetic));
        // A number with units is more often part of a name (千歳荘); one in digits, kanji included, is a room.
        let value = numeral::leading(run).filter(|number| !number.has_unit && number.length == run.len())?.value;
        (run.len() >= 3 && !is_ordinal && !counts_other).then_some(value)
    };
    let value = runs.iter().rev().find_map(before_mark).or_else(|| runs.iter().rev().find_map(by_length))?;
    Some(value.to_string())
}

/// Where numbers stand in a text: runs of digits, and runs of kanji that can be numbers.
fn runs(text: &[char]) -> Vec<(usize, usize)> {
    let class = |c: &char| (numeral::is_numeral(*c), c.is_ascii_digit());
    let mut runs = Vec::new();
    let mut from = 0;
    for part in text.chunk_by(|one, other| class(one) == class(other)) {
        if class(&part[0]).0 {
            runs.push((from, from + part.len()));
        }
        from += part.len();
    }
    runs
}
