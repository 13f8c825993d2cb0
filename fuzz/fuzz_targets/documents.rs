#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scopetrim_fuzz::documents(data));
