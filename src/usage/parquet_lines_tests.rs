use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use arrow::array::{
    ArrayRef, BinaryArray, Int64Array, ListArray, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;

use super::*;
use crate::input::{Block, BlockSink, Limits, SourceStatus, discover, head, read_once};

#[derive(Default)]
struct Text(Mutex<Vec<u8>>);

impl BlockSink for Text {
    type State = ();

    fn begin(&self) {}

    fn block(&self, (): &mut (), block: Block<'_>) {
        self.0.lock().unwrap().extend(block.bytes);
    }
}

/// The status and the text of a file.
fn read(name: &str, bytes: &[u8]) -> (SourceStatus, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let found = discover(&[name.to_owned()], Path::new(folder.path())).unwrap();
    let sources = head(&found, layers());
    let text = Text::default();
    let (_, reports) = read_once(&sources, &Limits::default(), &text, &AtomicU64::new(0));
    let status = reports.into_iter().next().unwrap().status;
    (
        status,
        String::from_utf8(text.0.into_inner().unwrap()).unwrap(),
    )
}

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn sample() -> Vec<u8> {
    let times = TimestampMillisecondArray::from(vec![1_767_355_200_117, 1_767_355_201_000]);
    let bytes: Vec<Option<&[u8]>> = vec![Some(b"/v1/\xc3\xa4?a=\"b\""), Some(b"/x\n")];
    file(vec![
        ("time", Arc::new(times.with_timezone("UTC"))),
        (
            "client_id",
            Arc::new(StringArray::from(vec![Some("erp"), None])),
        ),
        ("method", Arc::new(StringArray::from(vec!["GET", "PUT"]))),
        ("path", Arc::new(BinaryArray::from(bytes))),
        ("status", Arc::new(Int64Array::from(vec![200, 404]))),
    ])
}

const LINES: &str = "{\"time\":\"2026-01-02T12:00:00.117Z\",\"client_id\":\"erp\",\"method\":\"GET\",\"path\":\"/v1/\u{e4}?a=\\\"b\\\"\",\"status\":200}\n\
{\"time\":\"2026-01-02T12:00:01Z\",\"method\":\"PUT\",\"path\":\"/x\\n\",\"status\":404}\n";

#[test]
fn a_row_is_a_line_and_an_empty_cell_is_no_field() {
    assert_eq!(
        read("a.parquet", &sample()),
        (SourceStatus::Complete, LINES.to_owned())
    );
    // The first bytes decide, and what is around them is taken off first.
    let packed = zstd::encode_all(&sample()[..], 1).unwrap();
    assert_eq!(
        read("a.log", &packed),
        (SourceStatus::Complete, LINES.to_owned())
    );
}

#[test]
fn rows_of_several_batches_keep_their_order() {
    let numbers: Vec<i64> = (0..5_000).collect();
    let bytes = file(vec![("n", Arc::new(Int64Array::from(numbers)))]);
    let lines: Vec<String> = (0..5_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let expected = lines.concat();
    assert_eq!(read("a", &bytes), (SourceStatus::Complete, expected));
}

#[test]
fn nested_values_are_objects_and_times_without_a_zone_stay_without() {
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1), None])]);
    let bytes = file(vec![
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![1_767_355_200_000_000])),
        ),
        ("codes", Arc::new(lists)),
    ]);
    let expected = "{\"at\":\"2026-01-02T12:00:00\",\"codes\":[1,null]}\n";
    assert_eq!(
        read("a", &bytes),
        (SourceStatus::Complete, expected.to_owned())
    );
}

#[test]
fn a_file_that_is_cut_off_or_damaged_is_never_a_whole_log() {
    let whole = sample();
    for end in [4, 5, whole.len() / 2, whole.len() - 1] {
        let (status, text) = read("a", &whole[..end]);
        let SourceStatus::Partial(reason) = status else {
            panic!("{end}: {status:?}");
        };
        assert!(
            reason.contains("the Parquet file cannot be read"),
            "{reason}"
        );
        assert_eq!(text, "");
    }
    // What changes nothing that is read, like a statistic, may pass; nothing ends the program.
    for place in (4..whole.len()).step_by(3) {
        let mut changed = whole.clone();
        changed[place] ^= 0x11;
        let (status, text) = read("a", &changed);
        assert!(status.is_whole() || text.lines().count() <= 2, "{place}");
    }
}

#[test]
fn what_unpacks_without_end_is_not_copied_without_end() {
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    packed.write_all(MAGIC).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..600 {
        packed.write_all(&zeros).unwrap();
    }
    let (status, text) = read("a", &packed.finish().unwrap());
    assert!(!status.is_whole() && text.is_empty());
    assert!(
        format!("{status:?}").contains("decompression bomb"),
        "{status:?}"
    );
}
