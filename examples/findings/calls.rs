//! Who calls what, when, and how: each client plants one finding, or nearly.
//!
//! Days are counted from 0 (2026-03-05) to 179 (2026-08-31).

use super::{GOODS, RATES};

/// On which days.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    /// Every so many days, from the first to the last one.
    Every(u32, u32, u32),
    /// On these.
    Days(&'static [u32]),
}

impl On {
    pub(crate) fn falls_on(self, day: u32) -> bool {
        match self {
            Self::Every(step, from, to) => {
                (from..=to).contains(&day) && (day - from).is_multiple_of(step)
            }
            Self::Days(days) => days.contains(&day),
        }
    }
}

/// Who answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    Service,
    Gateway,
}

/// What the log says about the token's life; in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Token {
    Opaque,
    Lives(i64),
    Endless,
    /// It had ended so long before.
    Ended(i64),
}

/// The same request on several days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) client: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) on: On,
    pub(crate) times: u32,
    pub(crate) hour: u32,
    /// Within one minute; else within the hour.
    pub(crate) minutes: Option<u32>,
    pub(crate) status: u16,
    pub(crate) by: By,
    pub(crate) ip: &'static str,
    pub(crate) agent: &'static str,
    pub(crate) credential: &'static str,
    pub(crate) auth: &'static str,
    pub(crate) scopes: &'static str,
    pub(crate) token: Token,
}

const READ: &str = "GET /v1/orders";
const WRITE: &str = "POST /v1/orders";
const DELETE: &str = "DELETE /v1/orders/{id}";
pub(super) const BILLS: &str = "GET /v1/invoices";
const ALL: On = On::Every(3, 0, 179);
const MANY: &str = "invoices:read orders:read quotes:read rates:read reports:read users:read";

/// Reads orders every third day, and nothing else is special about it.
const PLAIN: Call = Call {
    client: "heartbeat",
    operation: READ,
    on: ALL,
    times: 1,
    hour: 10,
    minutes: None,
    status: 200,
    by: By::Service,
    ip: "198.51.100.7",
    agent: "okhttp/4.12",
    credential: "",
    auth: "",
    scopes: "",
    token: Token::Opaque,
};

const fn of(client: &'static str) -> Call {
    Call { client, ..PLAIN }
}

const fn on(client: &'static str, operation: &'static str, on: On) -> Call {
    Call {
        client,
        operation,
        on,
        ..PLAIN
    }
}

pub(super) const fn key(client: &'static str, credential: &'static str, on: On) -> Call {
    Call {
        client,
        credential,
        auth: "api-key",
        on,
        ..PLAIN
    }
}

/// Refused: by the gateway (403), or by the service.
const fn no(call: Call, by: By) -> Call {
    Call {
        status: 403,
        by,
        ..call
    }
}

const fn token(call: Call, scopes: &'static str) -> Call {
    Call {
        scopes,
        token: Token::Lives(3_600),
        auth: "token",
        ..call
    }
}

const fn lives(client: &'static str, token: Token, on: On) -> Call {
    Call {
        client,
        token,
        on,
        auth: "token",
        ..PLAIN
    }
}

const fn times(call: Call, times: u32) -> Call {
    Call { times, ..call }
}

const fn at(call: Call, hour: u32, minute: u32) -> Call {
    Call {
        hour,
        minutes: Some(minute),
        ..call
    }
}

pub(super) const fn from(call: Call, ip: &'static str) -> Call {
    Call { ip, ..call }
}

/// Everything that is logged.
#[expect(clippy::too_many_lines, reason = "one table")]
pub(crate) fn calls() -> Vec<Call> {
    let mut all = vec![
        on("heartbeat", READ, On::Every(1, 0, 179)),
        // F1: the token lacks what the grant has; the near miss carries it.
        token(of("f01-token"), "orders:read"),
        token(
            on("f01-token", WRITE, On::Days(&[20, 90, 170])),
            "orders:write orders:read",
        ),
        times(
            token(on("f01-token", WRITE, On::Days(&[100, 101])), "orders:read"),
            4,
        ),
        token(of("f01-token-ok"), "orders:read orders:write"),
        token(
            on("f01-token-ok", WRITE, On::Every(9, 0, 179)),
            "orders:read orders:write",
        ),
        // F1 without scopes in the log: the grants are used instead.
        of("f01-held"),
        times(on("f01-held", BILLS, On::Days(&[60, 140])), 3),
        times(
            no(
                on("f01-held", "POST /v1/refunds", On::Days(&[61])),
                By::Gateway,
            ),
            4,
        ),
        // F1 before the date of the grant (day 88), and three minutes before it.
        of("f01-early"),
        on("f01-early", BILLS, On::Every(10, 70, 179)),
        of("f01-early-edge"),
        at(on("f01-early-edge", BILLS, On::Days(&[87])), 23, 57),
        on("f01-early-edge", BILLS, On::Every(10, 90, 179)),
        on("f01-rates", "GET /v1/shipping-rates", ALL),
        // F2: late deny, early deny, both within an hour; six refusals on one day; a token without the scope.
        of("f02-late"),
        on("f02-late", WRITE, On::Every(9, 0, 179)),
        times(
            no(on("f02-late", WRITE, On::Days(&[50, 51])), By::Service),
            3,
        ),
        of("f02-early"),
        times(
            no(on("f02-early", READ, On::Days(&[50, 52])), By::Gateway),
            3,
        ),
        of("f02-split"),
        at(on("f02-split", WRITE, On::Days(&[40, 41, 42])), 10, 5),
        times(
            at(
                no(on("f02-split", WRITE, On::Days(&[40, 41, 42])), By::Gateway),
                10,
                40,
            ),
            2,
        ),
        on("f02-one-day", WRITE, On::Every(9, 0, 179)),
        of("f02-one-day"),
        times(
            no(on("f02-one-day", WRITE, On::Days(&[50])), By::Service),
            6,
        ),
        token(of("f02-no-scope"), "orders:read"),
        times(
            token(
                no(on("f02-no-scope", READ, On::Days(&[50, 52])), By::Gateway),
                "profile",
            ),
            2,
        ),
        // F3.
        lives("f03-long", Token::Lives(3_600), ALL),
        lives("f03-long", Token::Lives(28_800), On::Every(20, 1, 179)),
        lives("f03-endless", Token::Endless, ALL),
        lives("f03-expired", Token::Lives(3_600), ALL),
        lives("f03-expired", Token::Ended(600), On::Days(&[100, 120])),
        lives("f03-edge", Token::Lives(3_600), ALL),
        lives("f03-edge", Token::Ended(290), On::Days(&[100, 120])),
        // F4 to F6: keys.
        key("f04-old", "K-OLD", ALL),
        key("f05-rotated", "K-ROT-1", On::Every(3, 0, 120)),
        key("f05-rotated", "K-ROT-2", On::Every(3, 117, 179)),
        key("f05-open", "K-OPEN-1", ALL),
        key("f05-open", "K-OPEN-2", On::Every(3, 121, 179)),
        on("f06-asleep", READ, On::Every(3, 0, 60)),
        on("f06-nearly", READ, On::Every(3, 0, 96)),
        key("f06-spare-key", "K-SPARE", On::Every(3, 0, 75)),
        key("f06-spare-key", "K-MAIN", On::Every(3, 96, 179)),
        // F8 and F9.
        of("f08-wide"),
        on("f08-wide", WRITE, ALL),
        on("f08-wide", DELETE, On::Every(9, 0, 179)),
        on("f08-wide", BILLS, ALL),
        on("f08-wide", "POST /v1/refunds", ALL),
        on("f08-wide", "GET /v1/users/{id}", ALL),
        on(
            "f08-wide",
            "POST /v1/users/{id}/roles",
            On::Every(9, 0, 179),
        ),
        on("f08-wide", "DELETE /v1/keys/{id}", On::Every(9, 0, 179)),
        on("f09-star", GOODS[4], ALL),
        on("f09-star-used", GOODS[4], ALL),
        on("f09-star-used", GOODS[6], ALL),
        on("f09-star-used", GOODS[8], ALL),
        // F10: a password, a key in the query, a deprecated operation, an old version next to a new one.
        Call {
            auth: "basic",
            ..of("f10-basic")
        },
        Call {
            auth: "",
            ..on("f10-query", "GET /v1/orders?api_key=NOT-A-REAL-KEY", ALL)
        },
        on("f10-old", "GET /v1/stock-report", ALL),
        on("f10-old", "GET /v1/quotes", ALL),
        on("f10-old", "GET /v2/quotes", ALL),
        // F11: ten answers; nine; a file; and ten answers 404.
        of("f11-shadow"),
        times(
            on("f11-shadow", "GET /v1/internal/export", On::Days(&[70, 71])),
            5,
        ),
        times(
            on(
                "f11-shadow",
                "GET /v1/internal/health-report",
                On::Days(&[70, 71, 72]),
            ),
            3,
        ),
        times(
            on("f11-shadow", "GET /assets/app.css", On::Days(&[70, 71])),
            9,
        ),
        times(
            Call {
                status: 404,
                ..on("f11-shadow", "GET /v1/backup", On::Days(&[70, 71]))
            },
            9,
        ),
        // F13: eleven doors are tried; ten; and a share that rises.
        of("f13-prober"),
        of("f13-stumbler"),
        on("f13-rising", READ, On::Every(2, 0, 172)),
        times(on("f13-rising", READ, On::Days(&[174, 176, 178])), 4),
        times(
            no(
                on("f13-rising", BILLS, On::Days(&[174, 176, 178])),
                By::Gateway,
            ),
            7,
        ),
        // F14, F15.
        of("f14-reader"),
        Call {
            operation: "GET /v1/users/{id}",
            ..lives("f15-idp", Token::Lives(1_800), On::Days(&[1]))
        },
        on("f15-idp", "GET /v1/users/{id}", ALL),
        on("f15-idp", "POST /v1/users/{id}/roles", On::Every(5, 0, 179)),
        // F16: after 90 silent days and from elsewhere; from home and 63 days after the last time.
        on("f16-break-glass", READ, On::Every(2, 0, 179)),
        on("f16-break-glass", DELETE, On::Days(&[10])),
        from(
            on("f16-break-glass", DELETE, On::Days(&[168])),
            "203.0.113.66",
        ),
        of("f16-known"),
        on("f16-known", DELETE, On::Days(&[10, 70, 110, 173])),
        of("f17-exceptions"),
        on("f17-exceptions", "GET /v1/users/{id}", ALL),
        of("f18-refused"),
        times(
            no(on("f18-refused", READ, On::Days(&[90, 91])), By::Service),
            6,
        ),
        of("f19-typo"),
        of("f20-twice"),
        // F22: tokens carry what no line grants, five times and four times.
        token(of("f22-issued"), "orders:read"),
        token(
            on("f22-issued", READ, On::Days(&[30, 31, 32, 33, 34])),
            "orders:read keys:delete",
        ),
        token(of("f22-few"), "orders:read"),
        token(
            on("f22-few", READ, On::Days(&[30, 31, 32, 33])),
            "orders:read keys:delete",
        ),
        // F23: what the tokens of thirty days never carry, and of twenty-nine.
        token(on("f23-never", READ, On::Every(6, 0, 179)), "orders:read"),
        token(on("f23-few", READ, On::Every(6, 6, 179)), "orders:read"),
        of("f21-switch"),
        // F24: two names that no policy file has; the second is refused.
        on("f24-ghost", WRITE, On::Days(&[40, 80])),
        no(on("f24-refused", WRITE, On::Days(&[40, 80])), By::Gateway),
        // F25: a public write.
        on("heartbeat", "POST /v1/feedback", On::Days(&[12, 90])),
        // F26: tokens with all scopes for one need; with two of six.
        token(of("f26-full"), MANY),
        token(
            on("f26-few", READ, On::Every(6, 6, 179)),
            "orders:read quotes:read",
        ),
        // F27: a day with a hundred and twenty requests; with ninety.
        times(on("f27-spike", READ, On::Every(2, 0, 179)), 2),
        times(on("f27-spike", READ, On::Days(&[171])), 120),
        times(on("f27-busy", READ, On::Every(2, 0, 179)), 2),
        times(on("f27-busy", READ, On::Days(&[171])), 90),
        of("f29-undated"),
    ];
    all.extend(RATES.map(|client| on(client, "GET /v1/shipping-rates", On::Days(&[33, 88]))));
    let doors = |client, count: usize| {
        let doors = GOODS.iter().take(count);
        doors.map(move |door| no(on(client, door, On::Days(&[150])), By::Gateway))
    };
    all.extend(doors("f13-prober", 11));
    all.extend(doors("f13-stumbler", 10));
    // F7: three networks in one hour on three days; the same at other hours; two programs; two clients.
    all.extend(super::shared::calls());
    all
}
