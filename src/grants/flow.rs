//! Flow lists and mappings: `[a, b]` or `{a: b}` on one line or on several, in YAML, JSON and HCL.
//!
//! A list is cut into tokens; an item is removed by deleting tokens, one item
//! after the other, so that the rules see what is left at every step.

use super::written::{Fate, Syntax, line_start, with_scalar};
use crate::model::{Edit, Span};

/// Why no item of a list is edited.
const UNKNOWN: &str = "its list is written in a way that cannot be edited";

/// A flow list or mapping as tokens, brackets included.
#[derive(Debug)]
pub(super) struct Flow {
    tokens: Vec<Token>,
    /// The number of each item's token.
    items: Vec<usize>,
    syntax: Syntax,
    /// Whether a comment stands in it.
    comments: bool,
    /// Items with a tag or an anchor in front of them, which is part of their token.
    odd: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    kind: Kind,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Item(usize),
    Comma,
    Blank,
    Newline,
    Comment,
}

impl Flow {
    pub(super) fn read(
        text: &str,
        list: Span,
        items: &[Span],
        syntax: Syntax,
    ) -> Result<Self, &'static str> {
        let bytes = text.as_bytes();
        let mut tokens = Vec::new();
        let mut odd = Vec::new();
        let mut items = items.iter().enumerate().peekable();
        let mut at = list.start;
        while at < list.end {
            let rest = &bytes[at..list.end];
            let run = |ok: fn(&u8) -> bool| rest.iter().take_while(|byte| ok(byte)).count();
            let (kind, len) = match rest[0] {
                _ if items.peek().is_some_and(|(_, item)| item.start == at) => {
                    let Some((index, item)) = items.next() else {
                        break;
                    };
                    (Kind::Item(index), item.end.saturating_sub(at))
                }
                // Nothing but the next item can have properties.
                b'!' | b'&' if syntax == Syntax::Yaml => {
                    let Some((index, item)) = items.next() else {
                        return Err(UNKNOWN);
                    };
                    odd.push(index);
                    (Kind::Item(index), item.end.saturating_sub(at))
                }
                b'[' | b'{' if at == list.start => (Kind::Open, 1),
                b']' | b'}' if at + 1 == list.end => (Kind::Close, 1),
                b',' => (Kind::Comma, 1),
                b' ' | b'\t' => (Kind::Blank, run(|byte| matches!(byte, b' ' | b'\t'))),
                b'\n' => (Kind::Newline, 1),
                b'\r' if rest.get(1) == Some(&b'\n') => (Kind::Newline, 2),
                b'#' if syntax != Syntax::Json => {
                    (Kind::Comment, run(|byte| !matches!(byte, b'\n' | b'\r')))
                }
                b'/' if syntax == Syntax::Hcl && rest.starts_with(b"//") => {
                    (Kind::Comment, run(|byte| !matches!(byte, b'\n' | b'\r')))
                }
                b'/' if syntax == Syntax::Hcl => {
                    return Err("its list holds a comment in `/* */`");
                }
                _ => return Err(UNKNOWN),
            };
            if len == 0 {
                return Err("its list has an empty item");
            }
            tokens.push(Token {
                kind,
                span: Span {
                    start: at,
                    end: at + len,
                },
            });
            at += len;
        }
        let closed = tokens.last().is_some_and(|token| token.kind == Kind::Close);
        if items.next().is_some() || !closed {
            return Err(UNKNOWN);
        }
        let numbered = tokens.iter().enumerate();
        let item = |(_, token): &(usize, &Token)| matches!(token.kind, Kind::Item(_));
        let items = numbered.filter(item).map(|(number, _)| number).collect();
        Ok(Self {
            comments: tokens.iter().any(|token| token.kind == Kind::Comment),
            tokens,
            items,
            syntax,
            odd,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The token of an item: they stand in their order.
    fn token(&self, item: usize) -> Option<&Token> {
        self.tokens.get(*self.items.get(item)?)
    }

    pub(super) fn odd(&self, item: usize) -> Option<&'static str> {
        let odd = self.odd.contains(&item);
        odd.then_some("it has a YAML tag in front of it")
    }

    pub(super) fn start(&self, item: usize) -> Option<usize> {
        self.token(item).map(|token| token.span.start)
    }

    pub(super) fn owns_comment(&self, item: usize) -> bool {
        if !self.comments {
            return false;
        }
        let mut live = Live::of(self);
        live.remove(item);
        let gone = |index: &usize| live.gone[*index] && self.tokens[*index].kind == Kind::Comment;
        (0..self.tokens.len()).any(|index| gone(&index))
    }

    pub(super) fn edits(
        &self,
        text: &str,
        fates: &[(usize, Fate)],
    ) -> Result<Vec<Edit>, &'static str> {
        let mut live = Live::of(self);
        let mut edits = Vec::new();
        for (item, fate) in fates {
            match fate {
                Fate::Remove => live.remove(*item),
                Fate::Replace(scalar, texts) => {
                    let whole = self.token(*item).ok_or("the list has no such item")?.span;
                    let from = line_start(text, whole.start);
                    let lead = &text[from..whole.start];
                    let joint = if lead.trim().is_empty() && from > 0 {
                        let eol = if text[..from].ends_with("\r\n") {
                            "\r\n"
                        } else {
                            "\n"
                        };
                        format!(",{eol}{lead}")
                    } else {
                        ", ".to_owned()
                    };
                    let texts: Vec<String> = texts
                        .iter()
                        .map(|new| with_scalar(text, whole, *scalar, new))
                        .collect();
                    edits.push(Edit::replace(whole, texts.join(&joint)));
                }
            }
        }
        live.tidy();
        let mut last: Option<Span> = None;
        for (token, gone) in self.tokens.iter().zip(&live.gone) {
            match &mut last {
                Some(span) if *gone && span.end == token.span.start => span.end = token.span.end,
                _ if *gone => {
                    edits.extend(last.map(|span| Edit::delete(span.start, span.end)));
                    last = Some(token.span);
                }
                _ => {}
            }
        }
        edits.extend(last.map(|span| Edit::delete(span.start, span.end)));
        Ok(edits)
    }
}

/// What is left of a list.
struct Live<'a> {
    list: &'a Flow,
    gone: Vec<bool>,
}

impl<'a> Live<'a> {
    fn of(list: &'a Flow) -> Self {
        Self {
            list,
            gone: vec![false; list.tokens.len()],
        }
    }

    fn kind(&self, index: usize) -> Kind {
        self.list.tokens[index].kind
    }

    fn next(&self, index: usize) -> Option<usize> {
        (index + 1..self.gone.len()).find(|next| !self.gone[*next])
    }

    fn previous(&self, index: usize) -> Option<usize> {
        (0..index).rev().find(|previous| !self.gone[*previous])
    }

    fn next_is(&self, index: usize, kind: Kind) -> Option<usize> {
        self.next(index).filter(|next| self.kind(*next) == kind)
    }

    fn previous_is(&self, index: usize, kind: Kind) -> Option<usize> {
        self.previous(index)
            .filter(|previous| self.kind(*previous) == kind)
    }

    /// The comma that follows the item, and that precedes it, with no item between.
    fn commas(&self, at: usize) -> (Option<usize>, Option<usize>) {
        let stops = |index: &usize| {
            matches!(
                self.kind(*index),
                Kind::Comma | Kind::Item(_) | Kind::Open | Kind::Close
            )
        };
        let comma = |index: &usize| self.kind(*index) == Kind::Comma;
        let after = std::iter::successors(self.next(at), |index| self.next(*index)).find(stops);
        let before =
            std::iter::successors(self.previous(at), |index| self.previous(*index)).find(stops);
        (after.filter(comma), before.filter(comma))
    }

    fn remove(&mut self, item: usize) {
        let Some(at) = self.list.items.get(item).copied() else {
            return;
        };
        let (after, before) = self.commas(at);
        if let Some(line) = self.own_line(at) {
            let end = line.last().and_then(|last| self.next(*last));
            let on_line = |comma: &usize| line.contains(comma);
            if ![after, before].iter().flatten().any(on_line) {
                self.detach(after, before);
            }
            for index in line.into_iter().chain(end) {
                self.gone[index] = true;
            }
            return;
        }
        self.gone[at] = true;
        if let Some(comma) = after {
            self.drop_with_blank(at, comma);
        } else if let Some(comma) = before {
            let between = || comma + 1..at;
            let comment =
                between().any(|index| !self.gone[index] && self.kind(index) == Kind::Comment);
            if comment && self.list.syntax != Syntax::Json {
                // A comma may follow the last item; the comment after it has to.
                self.drop_left_blank(at);
            } else {
                between().for_each(|index| self.gone[index] = true);
                self.drop_left_blank(comma);
                self.gone[comma] = true;
            }
        }
    }

    /// Drops the comma that an item on a line of its own leaves behind on another line.
    fn detach(&mut self, after: Option<usize>, before: Option<usize>) {
        match (after, before, self.list.syntax) {
            (Some(comma), _, _) => {
                self.gone[comma] = true;
                if let Some(blank) = self.next_is(comma, Kind::Blank) {
                    self.gone[blank] = true;
                }
            }
            (None, Some(comma), Syntax::Json) => {
                self.drop_left_blank(comma);
                self.gone[comma] = true;
            }
            // YAML and HCL allow a comma after the last item: the line above stays as it is.
            (None, _, _) => {}
        }
    }

    /// Drops the item's comma and the whitespace on one side.
    fn drop_with_blank(&mut self, at: usize, comma: usize) {
        for index in at..comma {
            // A comment needs a space in front of it, and a line its indentation.
            let needed = self.next_is(index, Kind::Comment).is_some()
                || self.previous_is(index, Kind::Newline).is_some();
            self.gone[index] |= self.kind(index) == Kind::Blank && !needed;
        }
        if self.next_is(at, Kind::Newline).is_some() {
            self.drop_left_blank(at);
        }
        self.gone[comma] = true;
        let right = self.next_is(comma, Kind::Blank);
        let follows = right.or(Some(comma)).and_then(|index| self.next(index));
        if follows.is_some_and(|index| matches!(self.kind(index), Kind::Item(_))) {
            if let Some(blank) = right {
                self.gone[blank] = true;
            }
        } else {
            self.drop_left_blank(at);
        }
    }

    /// Drops the whitespace in front, unless it is a line's indentation.
    fn drop_left_blank(&mut self, at: usize) {
        let Some(blank) = self.previous_is(at, Kind::Blank) else {
            return;
        };
        if self.previous_is(blank, Kind::Newline).is_none() {
            self.gone[blank] = true;
        }
    }

    /// The live tokens of the item's line, without the line breaks, where the line holds nothing
    /// but the item, one comma and a comment.
    fn own_line(&self, at: usize) -> Option<Vec<usize>> {
        let mut line = vec![at];
        let before = std::iter::successors(self.previous(at), |index| self.previous(*index));
        line.extend(self.beside(before)?);
        line.reverse();
        let after = std::iter::successors(self.next(at), |index| self.next(*index));
        line.extend(self.beside(after)?);
        let commas = line
            .iter()
            .filter(|index| self.kind(**index) == Kind::Comma);
        (commas.count() <= 1).then_some(line)
    }

    /// Those up to a line break; none where an item or a bracket is among them.
    fn beside(&self, tokens: impl Iterator<Item = usize>) -> Option<Vec<usize>> {
        let mut line = Vec::new();
        for index in tokens {
            match self.kind(index) {
                Kind::Newline => break,
                Kind::Item(_) | Kind::Open | Kind::Close => return None,
                _ => line.push(index),
            }
        }
        Some(line)
    }

    /// Nothing but spaces, line breaks and commas between the brackets: they all go.
    fn tidy(&mut self) {
        let live = |index: &usize| !self.gone[*index];
        let kinds: Vec<Kind> = (0..self.gone.len())
            .filter(live)
            .map(|index| self.kind(index))
            .collect();
        if kinds.iter().any(|kind| matches!(kind, Kind::Item(_))) || kinds.len() == self.gone.len()
        {
            return;
        }
        let comments = kinds.contains(&Kind::Comment);
        for index in 0..self.gone.len() {
            let bracket = matches!(self.kind(index), Kind::Open | Kind::Close);
            self.gone[index] |= if comments {
                self.kind(index) == Kind::Comma
            } else {
                !bracket
            };
        }
    }
}
