//! A YAML document as JSON, for tests that look at its fields.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// The first document of a text without anchors and tags.
pub(crate) fn read(text: &str) -> Value {
    let mut events = Parser::new_from_str(text).map(|event| event.unwrap().0);
    value(&mut events).unwrap()
}

/// The next value; `None` at the end of a list or a map.
fn value<'a>(events: &mut impl Iterator<Item = Event<'a>>) -> Option<Value> {
    loop {
        match events.next().unwrap() {
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                while let Some(item) = value(events) {
                    items.push(item);
                }
                return Some(Value::Array(items));
            }
            Event::MappingStart(..) => {
                let mut map = Map::new();
                while let Some(key) = value(events) {
                    let key = key.as_str().unwrap().to_owned();
                    assert!(map.insert(key, value(events).unwrap()).is_none());
                }
                return Some(Value::Object(map));
            }
            Event::Scalar(text, ScalarStyle::Plain, ..) => {
                let number = text.parse::<i64>().map(Value::from);
                let flag = || text.parse::<bool>().map(Value::from);
                let plain = number.ok().or_else(|| flag().ok());
                return Some(plain.unwrap_or_else(|| Value::from(text.as_ref())));
            }
            Event::Scalar(text, ..) => return Some(Value::from(text.as_ref())),
            Event::SequenceEnd | Event::MappingEnd => return None,
            Event::Alias(_) | Event::StreamEnd | Event::DocumentEnd => panic!("not a plain value"),
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
        }
    }
}
