//! Covers what is open: cell by cell, by the choice that covers most for its cost.

use super::bits::Bits;
use super::chance::Chance;
use super::cover::Cover;

/// How a cell can be covered.
#[derive(Clone, Debug)]
enum Choice {
    /// Its client gets a role that has its term.
    Join(usize),
    /// Its term is put into a role that its client has.
    Add(usize),
    /// Both.
    Both(usize),
    /// A new role of these clients and terms.
    New(Bits, Bits),
}

/// The best choice so far.
#[derive(Default)]
struct Best {
    score: u64,
    choice: Option<Choice>,
}

impl Best {
    /// Open weight that is covered, for what it costs, with up to a fifth more by chance.
    fn offer(&mut self, (gain, cost): (u64, u64), chance: &mut Chance, choice: Choice) {
        let luck = 1_000 + chance.below(200) as u64;
        let score = (gain * luck).saturating_mul(1 << 16) / cost.max(1);
        if self.choice.is_none() || score > self.score {
            self.score = score;
            self.choice = Some(choice);
        }
    }
}

/// Covers every open cell, and adds the clients whose roles were changed to `touched`.
pub(super) fn repair(cover: &mut Cover<'_>, chance: &mut Chance, touched: &mut Bits) {
    let pick = |set: &Bits, chance: &mut Chance| set.nth(chance.below(set.len()));
    while let Some(client) = pick(&cover.open_clients, chance) {
        let Some(term) = pick(&cover.open[client], chance) else {
            return; // a client is open as long as one of its terms is
        };
        let mut best = Best::default();
        offer_roles(cover, (client, term), chance, &mut best);
        offer_new(cover, (client, term), chance, &mut best);
        match best.choice {
            Some(Choice::Join(role)) => {
                touched.insert(client);
                cover.join(role, client);
            }
            Some(Choice::Add(role)) => {
                touched.add(&cover.roles[role].clients);
                cover.add(role, term);
            }
            Some(Choice::Both(role)) => {
                cover.join(role, client);
                touched.add(&cover.roles[role].clients);
                cover.add(role, term);
            }
            Some(Choice::New(clients, terms)) => {
                touched.add(&clients);
                let role = cover.make();
                terms.iter().for_each(|term| cover.add(role, term));
                clients.iter().for_each(|client| cover.join(role, client));
            }
            None => return,
        }
    }
}

/// The roles that are there.
fn offer_roles(
    cover: &mut Cover<'_>,
    (client, term): (usize, usize),
    chance: &mut Chance,
    best: &mut Best,
) {
    let (clients, terms) = (&cover.of.client_weights, &cover.of.term_weights);
    for role in 0..cover.roles.len() {
        cover.work += 1;
        let own = &cover.roles[role];
        if !own.alive || own.clients.is_empty() || own.terms.is_empty() {
            continue;
        }
        let (has_client, has_term) = (own.clients.contains(client), own.terms.contains(term));
        if !has_term && cover.is_kept(role) {
            continue;
        }
        if !(has_client || cover.may_join(role, client)) || !(has_term || cover.may_add(role, term))
        {
            continue;
        }
        let own = &cover.roles[role];
        let of_term = || {
            let open = own
                .clients
                .iter()
                .filter(|own| cover.open[*own].contains(term));
            open.map(|client| clients[client]).sum::<u64>() * terms[term]
        };
        let of_client = || clients[client] * cover.open[client].shared_weight(&own.terms, terms);
        let (value, choice) = match (has_client, has_term) {
            (false, true) => ((of_client(), clients[client]), Choice::Join(role)),
            (true, _) => ((of_term(), terms[term]), Choice::Add(role)),
            (false, false) => {
                let gain = of_client() + of_term() + clients[client] * terms[term];
                let cost = clients[client] + terms[term];
                ((gain, cost), Choice::Both(role))
            }
        };
        best.offer(value, chance, choice);
    }
}

/// New roles through the cell: of what is open for its client, and of what that shares with others.
fn offer_new(
    cover: &mut Cover<'_>,
    (client, term): (usize, usize),
    chance: &mut Chance,
    best: &mut Best,
) {
    let also = cover.of.matrix.columns[term].iter();
    let also = also.filter(|other| *other != client && cover.open[*other].contains(term));
    let also: Vec<usize> = also.collect();
    cover.work += also.len() as u64;
    for attempt in 0..=also.len().min(6) {
        let mut terms = cover.open[client].clone();
        if attempt > 0 {
            let other = also[chance.below(also.len())];
            let shared = if chance.below(2) == 0 {
                &cover.open[other]
            } else {
                &cover.of.matrix.rows[other]
            };
            terms.keep_only(shared);
        }
        let grown = grow(cover, (client, term), terms, &also);
        let cost = grown.cost;
        best.offer(
            (grown.gain, cost),
            chance,
            Choice::New(grown.clients, grown.terms),
        );
    }
}

struct Grown {
    clients: Bits,
    terms: Bits,
    gain: u64,
    cost: u64,
}

/// Clients for the terms, terms for these clients, and so on, as long as more is covered for what it
/// costs: who adds less than the average so far is left out.
fn grow(
    cover: &mut Cover<'_>,
    (client, term): (usize, usize),
    mut terms: Bits,
    also: &[usize],
) -> Grown {
    let of = cover.of;
    let (rows, weights) = (&of.matrix.rows, (&of.client_weights, &of.term_weights));
    let mut best = Grown {
        clients: Bits::of(rows.len(), [client]),
        terms: Bits::of(of.terms.len(), [term]),
        gain: 0,
        cost: 1,
    };
    for _ in 0..3 {
        let mut clients = Bits::of(rows.len(), [client]);
        let mut common = rows[client].clone();
        for other in also {
            cover.work += 2 * common.words().len() as u64;
            if terms.is_within(&rows[*other]) {
                let adds = cover.open[*other].shared_weight(&terms, weights.1);
                if adds * best.cost > best.gain {
                    clients.insert(*other);
                    common.keep_only(&rows[*other]);
                }
            }
        }
        let mut gain = 0;
        let mut next = Bits::none(of.terms.len());
        for other in common.iter() {
            cover.work += clients.words().len() as u64;
            let open = clients
                .iter()
                .filter(|client| cover.open[*client].contains(other));
            let adds: u64 = open.map(|client| weights.0[client]).sum();
            if other == term || adds * best.cost > best.gain {
                next.insert(other);
                gain += adds * weights.1[other];
            }
        }
        terms = next;
        let cost = cover.role_price + clients.weight(weights.0) + terms.weight(weights.1);
        if gain * best.cost <= best.gain * cost {
            break;
        }
        best = Grown {
            clients,
            terms: terms.clone(),
            gain,
            cost,
        };
    }
    best
}
