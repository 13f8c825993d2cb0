#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scopetrim_fuzz::layers(data));
