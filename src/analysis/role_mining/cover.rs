//! A cover of a matrix by roles, while it is being changed.
//!
//! Invariants:
//! * a role holds only cells of the matrix: a client joins a role only when it needs all its terms;
//! * `cost` is always that of the roles as they are;
//! * `undo` brings back exactly what was there at the last `commit`.

use super::bits::Bits;
use super::kernel::Rectangle;
use super::matrix::Merged;

/// A role of the cover. A role that is gone has neither clients nor terms, and its place is free.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) clients: Bits,
    pub(super) terms: Bits,
    /// Who needs all of its terms; not known after a term was taken from it.
    may_join: Option<Bits>,
    /// What all of its clients need; not known after a client left it.
    may_add: Option<Bits>,
    pub(super) alive: bool,
    /// The clients that have it in any case, where it is kept whatever would be better: only
    /// further ones cost anything.
    kept: Option<Bits>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Made(usize),
    Joined(usize, usize),
    Left(usize, usize),
    Added(usize, usize),
    Taken(usize, usize),
}

/// The roles, how often each cell is covered, and which cells are not.
pub(super) struct Cover<'m> {
    pub(super) of: &'m Merged,
    pub(super) roles: Vec<Role>,
    /// What one role costs, beside its clients and terms.
    pub(super) role_price: u64,
    pub(super) cost: u64,
    /// Uncovered terms of each client.
    pub(super) open: Vec<Bits>,
    pub(super) open_clients: Bits,
    /// Words that were looked at.
    pub(super) work: u64,
    free: Vec<usize>,
    counts: Vec<u32>,
    /// The number of the first cell of each word of each row.
    first_cells: Vec<usize>,
    row_words: usize,
    journal: Vec<Step>,
}

impl<'m> Cover<'m> {
    /// Without a role.
    pub(super) fn new(of: &'m Merged, role_price: u64) -> Self {
        let rows = &of.matrix.rows;
        let mut cells = 0;
        let words = rows.iter().flat_map(Bits::words);
        let first_cells = words
            .map(|word| {
                let first = cells;
                cells += word.count_ones() as usize;
                first
            })
            .collect();
        let needing = (0..rows.len()).filter(|client| !rows[*client].is_empty());
        Self {
            of,
            roles: Vec::new(),
            role_price,
            cost: 0,
            open: rows.clone(),
            open_clients: Bits::of(rows.len(), needing),
            work: 0,
            free: Vec::new(),
            counts: vec![0; cells],
            first_cells,
            row_words: of.matrix.columns.len().div_ceil(64),
            journal: Vec::new(),
        }
    }

    /// Adds these roles.
    pub(super) fn start(&mut self, roles: &[Rectangle], kept: bool) {
        for (clients, terms) in roles {
            let role = self.make();
            terms.iter().for_each(|term| self.add(role, term));
            clients.iter().for_each(|client| self.join(role, client));
            if kept {
                self.roles[role].kept = Some(clients.clone());
                self.cost -= self.role_price
                    + terms.weight(&self.of.term_weights)
                    + clients.weight(&self.of.client_weights);
            }
        }
        self.commit();
    }

    fn cell(&self, client: usize, term: usize) -> usize {
        let word = client * self.row_words + term / 64;
        let before = self.of.matrix.rows[client].words()[term / 64] & ((1 << (term % 64)) - 1);
        self.first_cells[word] + before.count_ones() as usize
    }

    /// How many roles give the client the term.
    pub(super) fn times(&self, client: usize, term: usize) -> u32 {
        self.counts[self.cell(client, term)]
    }

    fn cover(&mut self, client: usize, term: usize) {
        let cell = self.cell(client, term);
        self.counts[cell] += 1;
        if self.counts[cell] == 1 {
            self.open[client].remove(term);
            if self.open[client].is_empty() {
                self.open_clients.remove(client);
            }
        }
    }

    fn uncover(&mut self, client: usize, term: usize) {
        let cell = self.cell(client, term);
        self.counts[cell] -= 1;
        if self.counts[cell] == 0 {
            self.open[client].insert(term);
            self.open_clients.insert(client);
        }
    }

    /// A new role without clients and terms.
    pub(super) fn make(&mut self) -> usize {
        let (clients, terms) = (self.of.clients.len(), self.of.terms.len());
        let role = Role {
            clients: Bits::none(clients),
            terms: Bits::none(terms),
            may_join: Some(Bits::all(clients)),
            may_add: Some(Bits::all(terms)),
            alive: true,
            kept: None,
        };
        self.cost += self.role_price;
        let at = self.free.pop().unwrap_or(self.roles.len());
        if at == self.roles.len() {
            self.roles.push(role);
        } else {
            self.roles[at] = role;
        }
        self.journal.push(Step::Made(at));
        at
    }

    /// Gives a role to a client that needs all of its terms.
    pub(super) fn join(&mut self, role: usize, client: usize) {
        self.journal.push(Step::Joined(role, client));
        self.put_client(role, client);
    }

    fn put_client(&mut self, role: usize, client: usize) {
        let terms = std::mem::take(&mut self.roles[role].terms);
        terms.iter().for_each(|term| self.cover(client, term));
        self.work += 2 * terms.words().len() as u64;
        let own = &mut self.roles[role];
        own.terms = terms;
        own.clients.insert(client);
        if let Some(may_add) = &mut own.may_add {
            may_add.keep_only(&self.of.matrix.rows[client]);
        }
        self.cost += self.of.client_weights[client];
    }

    /// Takes a role from a client.
    pub(super) fn leave(&mut self, role: usize, client: usize) {
        self.journal.push(Step::Left(role, client));
        self.drop_client(role, client);
    }

    fn drop_client(&mut self, role: usize, client: usize) {
        let terms = std::mem::take(&mut self.roles[role].terms);
        terms.iter().for_each(|term| self.uncover(client, term));
        self.work += 2 * terms.words().len() as u64;
        let own = &mut self.roles[role];
        own.terms = terms;
        own.clients.remove(client);
        own.may_add = None;
        self.cost -= self.of.client_weights[client];
    }

    /// Puts a term that all of its clients need into a role.
    pub(super) fn add(&mut self, role: usize, term: usize) {
        self.journal.push(Step::Added(role, term));
        self.put_term(role, term);
    }

    fn put_term(&mut self, role: usize, term: usize) {
        let clients = std::mem::take(&mut self.roles[role].clients);
        clients.iter().for_each(|client| self.cover(client, term));
        self.work += 2 * clients.words().len() as u64;
        let own = &mut self.roles[role];
        own.clients = clients;
        own.terms.insert(term);
        if let Some(may_join) = &mut own.may_join {
            may_join.keep_only(&self.of.matrix.columns[term]);
        }
        self.cost += self.of.term_weights[term];
    }

    /// Takes a term out of a role.
    pub(super) fn remove(&mut self, role: usize, term: usize) {
        self.journal.push(Step::Taken(role, term));
        self.drop_term(role, term);
    }

    fn drop_term(&mut self, role: usize, term: usize) {
        let clients = std::mem::take(&mut self.roles[role].clients);
        clients.iter().for_each(|client| self.uncover(client, term));
        self.work += 2 * clients.words().len() as u64;
        let own = &mut self.roles[role];
        own.clients = clients;
        own.terms.remove(term);
        own.may_join = None;
        self.cost -= self.of.term_weights[term];
    }

    /// Whether the client needs all terms of the role.
    pub(super) fn may_join(&mut self, role: usize, client: usize) -> bool {
        self.joinable(role).contains(client)
    }

    /// Who needs all terms of the role.
    pub(super) fn joinable(&mut self, role: usize) -> &Bits {
        let (of, own) = (self.of, &mut self.roles[role]);
        let (terms, work) = (&own.terms, &mut self.work);
        own.may_join.get_or_insert_with(|| {
            let mut all = Bits::all(of.clients.len());
            for term in terms.iter() {
                all.keep_only(&of.matrix.columns[term]);
                *work += all.words().len() as u64;
            }
            all
        })
    }

    /// Whether all clients of the role need the term.
    pub(super) fn may_add(&mut self, role: usize, term: usize) -> bool {
        let (of, own) = (self.of, &mut self.roles[role]);
        let (clients, work) = (&own.clients, &mut self.work);
        let all = own.may_add.get_or_insert_with(|| {
            let mut all = Bits::all(of.terms.len());
            for client in clients.iter() {
                all.keep_only(&of.matrix.rows[client]);
                *work += all.words().len() as u64;
            }
            all
        });
        all.contains(term)
    }

    /// Takes everything out of a role; it still costs its price until it is swept.
    pub(super) fn dissolve(&mut self, role: usize) {
        for client in self.roles[role].clients.clone().iter() {
            self.leave(role, client);
        }
        for term in self.roles[role].terms.clone().iter() {
            self.remove(role, term);
        }
    }

    /// Takes out of a role the clients and terms that others cover as well.
    pub(super) fn prune(&mut self, role: usize, clients_first: bool) {
        if clients_first {
            self.prune_clients(role);
        }
        if !self.is_kept(role) {
            for term in self.roles[role].terms.clone().iter() {
                let clients = &self.roles[role].clients;
                if clients.iter().all(|client| self.times(client, term) > 1) {
                    self.remove(role, term);
                }
            }
        }
        if !clients_first {
            self.prune_clients(role);
        }
        let own = &self.roles[role];
        self.work += (own.clients.words().len() + own.terms.words().len()) as u64;
    }

    /// Takes a role from the clients that have all of it from others.
    pub(super) fn prune_clients(&mut self, role: usize) {
        let mut members = self.roles[role].clients.clone();
        if let Some(kept) = &self.roles[role].kept {
            members.take(kept);
        }
        for client in members.iter() {
            let terms = &self.roles[role].terms;
            if terms.iter().all(|term| self.times(client, term) > 1) {
                self.leave(role, client);
            }
        }
    }

    /// The cost once empty roles are gone.
    pub(super) fn cost_when_swept(&self) -> u64 {
        let empty = self.live().filter(|role| self.is_empty(*role));
        let price = |role: usize| {
            let own = &self.roles[role];
            self.role_price
                + own.clients.weight(&self.of.client_weights)
                + own.terms.weight(&self.of.term_weights)
        };
        self.cost - empty.map(price).sum::<u64>()
    }

    /// Whether it is there whatever would be better.
    pub(super) fn is_kept(&self, role: usize) -> bool {
        self.roles[role].kept.is_some()
    }

    fn is_empty(&self, role: usize) -> bool {
        let own = &self.roles[role];
        own.kept.is_none() && (own.clients.is_empty() || own.terms.is_empty())
    }

    /// What was done stays. Empty roles go.
    pub(super) fn commit(&mut self) {
        let empty: Vec<usize> = self.live().filter(|role| self.is_empty(*role)).collect();
        for role in empty {
            self.dissolve(role);
            self.roles[role].alive = false;
            self.free.push(role);
            self.cost -= self.role_price;
        }
        self.journal.clear();
    }

    /// Back to the last commit.
    pub(super) fn undo(&mut self) {
        while let Some(step) = self.journal.pop() {
            match step {
                Step::Made(role) => {
                    self.roles[role].alive = false;
                    self.free.push(role);
                    self.cost -= self.role_price;
                }
                Step::Joined(role, client) => self.drop_client(role, client),
                Step::Left(role, client) => self.put_client(role, client),
                Step::Added(role, term) => self.drop_term(role, term),
                Step::Taken(role, term) => self.put_term(role, term),
            }
        }
    }

    /// The roles that are there.
    pub(super) fn live(&self) -> impl Iterator<Item = usize> + '_ {
        let roles = self.roles.iter().enumerate();
        roles.filter(|(_, role)| role.alive).map(|(at, _)| at)
    }

    /// The roles as they are; those that are kept in any case are the first ones.
    pub(super) fn rectangles(&self) -> Vec<Rectangle> {
        let own = self.roles.iter().filter(|role| role.alive);
        own.map(|role| (role.clients.clone(), role.terms.clone()))
            .collect()
    }
}
