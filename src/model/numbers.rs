//! Names as numbers, in the order in which they come.

use std::borrow::Borrow;
use std::hash::Hash;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Gives each distinct name the next number.
pub(crate) struct Numbers<T>(HashMap<T, u32, FixedState>);

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<T: Eq + Hash + Ord> Numbers<T> {
    /// The number of a name; that of a new name is the next.
    pub(crate) fn of<Q>(&mut self, name: &Q) -> u32
    where
        T: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = T> + ?Sized,
    {
        if let Some(number) = self.0.get(name) {
            return *number;
        }
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(name.to_owned(), next);
        next
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The numbers in the order of their names.
    pub(crate) fn order(&self) -> Vec<u32> {
        let mut names: Vec<(&T, u32)> = self.0.iter().map(|(name, own)| (name, *own)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, number)| number).collect()
    }

    /// Some of the names in their order, and by number the place of each among them;
    /// `u32::MAX` is that of the others.
    pub(crate) fn sorted(self, is_kept: impl Fn(u32) -> bool) -> (Vec<T>, Vec<u32>) {
        let mut places = vec![u32::MAX; self.0.len()];
        let mut names: Vec<(T, u32)> = self.0.into_iter().collect();
        names.retain(|(_, number)| is_kept(*number));
        names.sort_unstable();
        for ((_, number), place) in names.iter().zip(0..) {
            places[*number as usize] = place;
        }
        (names.into_iter().map(|(name, _)| name).collect(), places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_numbers_in_which_they_came_and_places_in_their_order() {
        let mut numbers: Numbers<String> = Numbers::default();
        let all = ["b", "c", "b", "a"].map(|name| numbers.of(name));
        assert_eq!(all, [0, 1, 0, 2]);
        assert_eq!(numbers.order(), [2, 0, 1]);
        let (names, places) = numbers.sorted(|number| number != 0);
        assert_eq!(names, ["a", "c"]);
        assert_eq!(places, [u32::MAX, 1, 0]);
    }
}
