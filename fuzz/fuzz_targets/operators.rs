//! Hands the fuzzer's bytes to [`policy_fuzz::operators`], where the logic is.

#![no_main]
#![allow(unsafe_code, reason = "the macro makes the function that libFuzzer calls")]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| policy_fuzz::operators::check(bytes));
