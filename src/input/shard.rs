//! A share of the inputs, for callers that split the work.
//!
//! In: the whole list, as every caller sees it. Out: the part of one caller, and a
//! digest of the whole list, by which it is told whether all saw the same one.
//!
//! Invariants: each input is in exactly one share; who sees the same names and sizes
//! gets the same shares; the largest inputs are spread first, so that shares are alike.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::str::FromStr;

use super::Input;
use crate::model::ContentDigest;

/// More shares than anybody has machines; a bound for what a ledger records of them.
const MOST: u32 = 100_000;

/// One of several equal shares of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl FromStr for Shard {
    type Err = String;

    /// Reads `3/8`: the third of eight.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text
            .split_once('/')
            .and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((index, of)) if (1..=of).contains(&index) && of <= MOST => Ok(Self { index, of }),
            _ => Err(format!(
                "write which one of how many, for example 3/8; {MOST} are the most"
            )),
        }
    }
}

impl Shard {
    /// The only one.
    pub(crate) const WHOLE: Self = Self { index: 1, of: 1 };

    /// The digest of the whole list, as hex.
    pub(crate) fn list(inputs: &[Input]) -> String {
        let lines = inputs.iter().map(|input| {
            // A name may hold anything; its length says where it ends.
            format!("{} {} {}\n", input.size, input.shown.len(), input.shown)
        });
        ContentDigest::of_pieces(lines).to_string()
    }

    /// The inputs of this share, in their order.
    pub(crate) fn take(self, inputs: &[Input]) -> Vec<Input> {
        let mut order: Vec<usize> = (0..inputs.len()).collect();
        order.sort_by_key(|at| (Reverse(inputs[*at].size), &inputs[*at].shown));
        // Bytes, inputs and number of each share: the least loaded one gets the next input.
        let mut shares: BinaryHeap<Reverse<(u64, usize, u32)>> =
            (1..=self.of).map(|share| Reverse((0, 0, share))).collect();
        let mut own = Vec::new();
        for at in order {
            let Some(Reverse((bytes, count, share))) = shares.pop() else {
                break;
            };
            if share == self.index {
                own.push(at);
            }
            shares.push(Reverse((
                bytes.saturating_add(inputs[at].size),
                count + 1,
                share,
            )));
        }
        own.sort_unstable();
        own.into_iter().map(|at| inputs[at].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn inputs(sizes: &[u64]) -> Vec<Input> {
        let named = sizes.iter().enumerate().map(|(at, size)| Input {
            path: Some(format!("{at:03}.log").into()),
            shown: Arc::from(format!("{at:03}.log")),
            size: *size,
        });
        named.collect()
    }

    proptest! {
        #[test]
        fn each_input_is_in_exactly_one_share_and_no_share_is_overloaded(
            sizes in proptest::collection::vec(0u64..1000, 0..40),
            of in 1u32..9,
        ) {
            let all = inputs(&sizes);
            let shares: Vec<Vec<Input>> = (1..=of).map(|index| Shard { index, of }.take(&all)).collect();
            let mut together: Vec<Input> = shares.concat();
            together.sort_by(|a, b| a.shown.cmp(&b.shown));
            prop_assert_eq!(&together, &all);
            let load = |share: &Vec<Input>| share.iter().map(|input| input.size).sum::<u64>();
            let (least, most) = (shares.iter().map(load).min(), shares.iter().map(load).max());
            let largest = sizes.iter().max().copied().unwrap_or(0);
            prop_assert!(most.unwrap() - least.unwrap() <= largest);
        }
    }

    #[test]
    fn a_list_with_another_name_or_size_is_another_list() {
        let all = inputs(&[3, 4]);
        assert_eq!(Shard::list(&all), Shard::list(&inputs(&[3, 4])));
        assert_ne!(Shard::list(&all), Shard::list(&inputs(&[3, 5])));
        assert_ne!(Shard::list(&all), Shard::list(&all[..1]));
        let whole = ContentDigest::of(b"3 7 000.log\n4 7 001.log\n");
        assert_eq!(Shard::list(&all), whole.to_string(), "as in every version");
    }

    #[test]
    fn a_share_is_written_as_one_of_how_many() {
        assert_eq!("3/8".parse(), Ok(Shard { index: 3, of: 8 }));
        for wrong in [
            "0/8", "9/8", "3", "3/", "/8", "a/b", "1/0", "-1/2", "1/100001",
        ] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
