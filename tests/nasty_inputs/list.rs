//! Number, input and tests.
//!
//! The numbers are those of the project's own list of such inputs. 24 to 102 are about one
//! format each, and are in the tests of that format.

/// Number, what it is, and the tests that hold it, here or elsewhere.
pub(crate) const HELD: [(u32, &str, &[&str]); 33] = [
    (
        1,
        "nothing but line ends",
        &["e2_an_empty_log_proves_nothing_about_any_grant"],
    ),
    (
        2,
        "a byte order mark before JSON",
        &["a_byte_order_mark_and_blank_lines_inside_of_a_log_are_not_records_and_lose_none"],
    ),
    (
        3,
        "UTF-16",
        &["a_file_that_is_not_a_log_is_named_and_not_read_as_one"],
    ),
    (
        4,
        "CRLF",
        &["line_ends_of_windows_are_no_part_of_the_last_field"],
    ),
    (
        5,
        "no line end at the end",
        &[
            "a_last_line_without_its_end_is_counted_once",
            "the_last_line_is_handed_on_when_it_has_no_end",
        ],
    ),
    (
        6,
        "a gzip member that is cut",
        &["e25_a_cut_gzip_keeps_what_it_held_and_makes_the_rest_undetermined"],
    ),
    (
        7,
        "two gzip members",
        &["every_member_of_a_packed_log_is_read"],
    ),
    (
        8,
        "an ending that is wrong",
        &["magic_bytes_decide_and_not_the_name"],
    ),
    (9, "a bomb", &["a_bomb_is_stopped_and_said"]),
    (
        10,
        "NUL bytes at the beginning",
        &["a_log_after_a_hole_of_nul_bytes_is_read_and_the_hole_is_reported"],
    ),
    (
        11,
        "a line of 50 MiB",
        &["a_line_of_fifty_mebibytes_costs_one_reject"],
    ),
    (
        12,
        "the same records under another name, packed otherwise, or before the log grew",
        &[
            "a_log_that_was_rotated_packed_renamed_or_has_grown_counts_once",
            "a_second_copy_changes_no_verdict_and_no_count",
            "copies_of_a_log_while_it_grew_change_no_verdict_and_no_count",
            "a_request_delivered_twice_counts_once_with_any_threads_and_however_it_is_packed",
            "requests_with_one_id_that_differ_in_anything_else_are_several",
        ],
    ),
    (
        13,
        "two formats in one file",
        &[
            "two_formats_in_one_file_are_read_line_by_line_and_every_line_is_accounted_for",
            "a_file_of_which_too_much_is_unknown_is_refused_with_all_counts",
        ],
    ),
    // A record of 2099 is kept, since the program asks no clock: what is dated more than a year
    // after everything else does not move the end of the data.
    (
        14,
        "records of 1970 and 2099",
        &[
            "a_time_before_2000_or_after_2099_is_rejected_as_out_of_range",
            "e24_one_clock_that_ran_ahead_does_not_make_every_grant_look_idle",
        ],
    ),
    (
        15,
        "records in another order",
        &[
            "the_order_of_lines_changes_no_byte_of_the_report",
            "order_split_and_threads_do_not_matter",
        ],
    ),
    (
        16,
        "names of clients that look alike",
        &[
            "a_name_that_differs_only_in_case_or_whitespace_may_mean_the_client",
            "a_near_name_is_still_not_joined_with_the_client",
        ],
    ),
    (
        17,
        "escape sequences",
        &["a_name_with_terminal_escapes_reaches_no_output_raw"],
    ),
    (
        18,
        "a formula as a name",
        &["a_spreadsheet_sees_text_and_never_a_formula"],
    ),
    (19, "a repeated key", &["of_a_repeated_key_the_last_counts"]),
    (
        20,
        "numbers that are none",
        &["a_number_that_is_none_loses_no_line_and_makes_up_no_status"],
    ),
    (
        21,
        "10 000 levels",
        &["ten_thousand_levels_are_rejected_without_a_stack_overflow"],
    ),
    (
        22,
        "bytes that are not UTF-8",
        &["broken_text_keeps_the_line"],
    ),
    (23, "half a surrogate pair", &["broken_text_keeps_the_line"]),
    (
        103,
        "an encoded slash",
        &["an_encoded_slash_is_not_a_segment_border"],
    ),
    (
        104,
        "a path with dots",
        &["dots_are_resolved_flagged_and_never_leave_the_root"],
    ),
    (
        105,
        "another case, a slash at the end",
        &["case_and_trailing_slash_match_looser_and_say_so"],
    ),
    (
        106,
        "a word in place of a parameter",
        &["a_literal_wins_over_a_parameter_and_a_dead_end_is_left_again"],
    ),
    (
        107,
        "an address that takes many operations",
        &["a_request_to_an_address_of_many_operations_holds_every_grant_of_its_caller"],
    ),
    (
        108,
        "two templates that fit equally",
        &[
            "a_request_that_fits_two_equal_templates_is_counted_once",
            "a_request_that_fits_two_mixed_segments_equally_well_may_be_either_operation",
        ],
    ),
    (
        109,
        "HEAD and OPTIONS",
        &[
            "e28_head_needs_what_get_needs",
            "e28_preflight_health_and_probe_requests_exercise_nothing",
        ],
    ),
    (
        110,
        "answers after the authorisation",
        &[
            "what_was_answered_after_the_authorisation_needed_the_permission",
            "throttled_and_unavailable_answers_block_a_removal_and_prove_no_use",
        ],
    ),
    (
        111,
        "a client that was only refused",
        &["e11_a_refused_request_is_demand_and_no_use"],
    ),
    (
        112,
        "a window of less than a quarter",
        &["less_than_a_quarter_of_a_year_makes_no_removal_likely"],
    ),
];
