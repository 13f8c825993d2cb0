//! A table for the middleware of services: Express, Spring Security, or anything with regular
//! expressions.

use super::document::{document, pretty};
use super::{File, Target, Wiring, head};
use crate::enforce::policy::Model;

pub(super) struct Table;

impl Target for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn limits(&self, _: &Model) -> Vec<String> {
        vec![
            "the first line whose methods and path fit decides: unless it refuses, whoever has its rule under clients, or anybody if it is in public; without one the answer is no".to_owned(),
            "the path is compared as it is on the wire, before the service decodes it, and without the query; $ has to mean the end of the text, as it does in JavaScript, Go, Rust and with matches() in Java".to_owned(),
        ]
    }

    fn files(&self, model: &Model, _: &Wiring) -> Vec<File> {
        let text = pretty(&document(model, &head(self, model)));
        vec![File {
            name: "table.json",
            text,
        }]
    }
}
