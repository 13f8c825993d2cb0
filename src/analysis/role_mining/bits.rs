//! Sets of small numbers as words of bits: rows and columns of a matrix.

/// A set of numbers below a limit that is fixed when it is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// No number, of those below `limit`.
    pub(super) fn none(limit: usize) -> Self {
        Self(vec![0; limit.div_ceil(64)])
    }

    /// Every number below `limit`.
    pub(super) fn all(limit: usize) -> Self {
        let mut all = Self(vec![u64::MAX; limit.div_ceil(64)]);
        if let Some(last) = all.0.last_mut()
            && !limit.is_multiple_of(64)
        {
            *last = (1 << (limit % 64)) - 1;
        }
        all
    }

    /// These numbers, all below `limit`.
    pub(super) fn of(limit: usize, members: impl IntoIterator<Item = usize>) -> Self {
        let mut set = Self::none(limit);
        for member in members {
            set.insert(member);
        }
        set
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.0
    }

    pub(super) fn insert(&mut self, member: usize) {
        self.0[member / 64] |= 1 << (member % 64);
    }

    pub(super) fn remove(&mut self, member: usize) {
        self.0[member / 64] &= !(1 << (member % 64));
    }

    pub(super) fn contains(&self, member: usize) -> bool {
        self.0[member / 64] >> (member % 64) & 1 == 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn len(&self) -> usize {
        let ones = self.0.iter().map(|word| word.count_ones() as usize);
        ones.sum()
    }

    pub(super) fn keep_only(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= other;
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
    }

    pub(super) fn take(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= !other;
        }
    }

    /// Adds what both others hold, and says whether that is anything.
    pub(super) fn add_both(&mut self, one: &Self, other: &Self) -> bool {
        let mut any = 0;
        for ((own, one), other) in self.0.iter_mut().zip(&one.0).zip(&other.0) {
            any |= one & other;
            *own |= one & other;
        }
        any != 0
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        let mut words = self.0.iter().zip(&other.0);
        words.any(|(own, other)| own & other != 0)
    }

    pub(super) fn is_within(&self, other: &Self) -> bool {
        let mut words = self.0.iter().zip(&other.0);
        words.all(|(own, other)| own & !other == 0)
    }

    /// How many both hold.
    pub(super) fn shared(&self, other: &Self) -> usize {
        let words = self.0.iter().zip(&other.0);
        words
            .map(|(own, other)| (own & other).count_ones() as usize)
            .sum()
    }

    /// The weight of what both hold.
    pub(super) fn shared_weight(&self, other: &Self, weights: &[u64]) -> u64 {
        let mut sum = 0;
        for (at, (own, other)) in self.0.iter().zip(&other.0).enumerate() {
            let mut word = own & other;
            while word != 0 {
                sum += weights[at * 64 + word.trailing_zeros() as usize];
                word &= word - 1;
            }
        }
        sum
    }

    pub(super) fn weight(&self, weights: &[u64]) -> u64 {
        self.iter().map(|member| weights[member]).sum()
    }

    /// The member with this many smaller ones.
    pub(super) fn nth(&self, mut before: usize) -> Option<usize> {
        for (at, word) in self.0.iter().enumerate() {
            let ones = word.count_ones() as usize;
            if before < ones {
                let mut word = *word;
                for _ in 0..before {
                    word &= word - 1;
                }
                return Some(at * 64 + word.trailing_zeros() as usize);
            }
            before -= ones;
        }
        None
    }

    /// The members, the smallest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let rest = |word: &u64| Some(word & (word - 1)).filter(|rest| *rest != 0);
            std::iter::successors(Some(*word).filter(|word| *word != 0), rest)
                .map(move |word| at * 64 + word.trailing_zeros() as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_all_holds_each_number_below_the_limit_and_no_other() {
        for limit in [0, 1, 63, 64, 65, 128] {
            let all = Bits::all(limit);
            assert_eq!(
                all.iter().collect::<Vec<_>>(),
                (0..limit).collect::<Vec<_>>()
            );
            assert_eq!(all.len(), limit);
            assert_eq!(all.nth(limit), None);
        }
    }

    #[test]
    fn members_come_in_order_and_are_found_by_their_number() {
        let set = Bits::of(200, [199, 3, 64, 63]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [3, 63, 64, 199]);
        assert_eq!((set.nth(2), set.nth(4)), (Some(64), None));
        let weights: Vec<u64> = (0..200).collect();
        assert_eq!(set.weight(&weights), 329);
        assert_eq!(set.shared_weight(&Bits::of(200, [3, 64, 65]), &weights), 67);
    }
}
