//! Who calls the shop, what, how often, and what becomes of it: all as data.
//!
//! Each caller is one story of `samples/shop/README.md`, which says what the program must make of it. The
//! grants are in `grants.yaml` and not known here; a call here never changes because of a grant there.

use chrono::NaiveDate;

use super::calendar::Rhythm::{self, Daily, EveryDays, QuarterEnd, Weekdays};
use super::calendar::{FIRST, LAST, day};

/// How the gateway knows the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// A consumer whose `custom_id` is the client id; the user name is another one.
    CustomId,
    /// A consumer without `custom_id`; the user name is the client id.
    UserName,
    /// The consumer that stands in where anonymous calls are allowed.
    AnonymousConsumer,
    /// Nobody was identified.
    Nobody,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Mostly success, with the usual 404, 500, 429, 503 and 499 among it.
    Usual,
    /// Always success.
    Success,
    /// 401 from the gateway.
    NotAuthenticated,
    /// 403 from the gateway: the scope is not granted.
    RefusedByGateway,
    /// 403 from the service, although the gateway let it pass.
    RefusedByService,
    /// 429 or 503 every time: no proof of use.
    NeverServed,
    /// 404 from the gateway: no route has this path.
    NoRoute,
}

/// One kind of call that a caller makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// Method and path template as the gateway sees it.
    pub(crate) operation: &'static str,
    /// Query string without `?`; empty for none.
    pub(crate) query: &'static str,
    /// On which days.
    pub(crate) rhythm: Rhythm,
    /// How many times on such a day.
    pub(crate) times: u32,
    /// First day.
    pub(crate) from: NaiveDate,
    /// Last day.
    pub(crate) to: NaiveDate,
    /// What becomes of it.
    pub(crate) answer: Answer,
}

impl Call {
    const fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    const fn from(self, from: NaiveDate) -> Self {
        Self { from, ..self }
    }

    const fn until(self, to: NaiveDate) -> Self {
        Self { to, ..self }
    }

    const fn answered(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }
}

const fn call(operation: &'static str, rhythm: Rhythm, times: u32) -> Call {
    Call {
        operation,
        query: "",
        rhythm,
        times,
        from: FIRST,
        to: LAST,
        answer: Answer::Usual,
    }
}

/// One caller and all that it does.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Client id, as the policy spells it; a label for those without identity.
    pub(crate) name: &'static str,
    /// How the gateway knows it.
    pub(crate) identity: Identity,
    /// Its user agent.
    pub(crate) agent: &'static str,
    /// First hour of its day, UTC.
    pub(crate) hour: u32,
    /// What it does.
    pub(crate) calls: &'static [Call],
}

/// Every caller; the order is the order of records with equal time.
pub(crate) static CALLERS: &[Caller] = &[
    Caller {
        name: "storefront-web",
        identity: Identity::CustomId,
        agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        hour: 7,
        calls: &[
            call("GET /v1/products", Daily, 3).query("page=2&q=red%20shoes"),
            call("GET /v1/products/{sku}", Daily, 4),
            call("GET /v1/orders/{orderId}", Daily, 2).query("expand=items"),
            call("POST /v1/orders", Daily, 2),
            call("POST /v1/orders/{orderId}:cancel", EveryDays(3), 1),
            call("GET /v1/customers/{customerId}", Daily, 1),
            call("GET /v1/invoices/{invoiceId}", Daily, 1).until(day(2025, 10, 28)),
        ],
    },
    Caller {
        name: "loyalty-app",
        identity: Identity::CustomId,
        agent: "okhttp/4.12.0",
        hour: 9,
        calls: &[
            call("GET /v1/customers/{customerId}", Daily, 2).from(day(2026, 9, 20)),
            call("GET /v1/orders", Daily, 1).from(day(2026, 9, 20)),
        ],
    },
    Caller {
        name: "legacy-pos",
        identity: Identity::UserName,
        agent: "PosTerminal/3.1 (Windows CE)",
        hour: 8,
        calls: &[call("GET /v1/products/{sku}", Daily, 2).until(day(2026, 4, 5))],
    },
    Caller {
        name: "support-desk",
        identity: Identity::CustomId,
        agent: "SupportDesk/8.2 (\"night shift\")",
        hour: 8,
        calls: &[
            call("GET /v1/orders", Weekdays, 1).query("status=open"),
            call("GET /v1/orders/{orderId}", Weekdays, 2),
            call("POST /v1/refunds", Weekdays, 1),
            call("GET /v1/refunds/{refundId}", EveryDays(4), 1),
            // Not granted: the demand list must show it, and nothing may be widened for it.
            call("GET /v1/invoices/{invoiceId}", EveryDays(7), 1)
                .answered(Answer::RefusedByGateway),
        ],
    },
    Caller {
        name: "callcenter-ivr",
        identity: Identity::UserName,
        agent: "ivr-bridge/2.0",
        hour: 6,
        calls: &[call("GET /v1/orders/{orderId}", Daily, 2)],
    },
    Caller {
        name: "billing-sync",
        identity: Identity::CustomId,
        agent: "billing-sync/2.3 (+https://shop.example/bots)",
        hour: 3,
        calls: &[
            call("GET /v1/invoices", Daily, 2).query("since=yesterday"),
            call("GET /v1/invoices/{invoiceId}", Daily, 1),
            call("GET /v1/payments", Daily, 1),
            call("GET /v1/payments/{paymentId}", EveryDays(2), 1),
        ],
    },
    Caller {
        name: "quarter-close",
        identity: Identity::UserName,
        agent: "python-requests/2.32.3",
        hour: 21,
        calls: &[
            call("GET /v1/invoices", QuarterEnd, 6).query("page=1&limit=500"),
            call("POST /v1/reports/{reportId}/run", QuarterEnd, 2),
        ],
    },
    Caller {
        name: "warehouse-sync",
        identity: Identity::CustomId,
        agent: "Go-http-client/1.1",
        hour: 0,
        calls: &[
            call("GET /v1/inventory", Daily, 2),
            call("GET /v1/inventory/{sku}", Daily, 2),
            // Served, but missing in openapi.yaml: nobody can tell which scope it needs.
            call("POST /v1/inventory/stock-takes/{takeId}", EveryDays(4), 1)
                .answered(Answer::Success),
        ],
    },
    Caller {
        name: "shipping-hub",
        identity: Identity::CustomId,
        agent: "ShippingHub/5.0",
        hour: 5,
        calls: &[
            call("POST /v1/shipments", Daily, 2),
            call("GET /v1/shipments/{shipmentId}", Daily, 1),
            call("GET /v1/shipments/{shipmentId}/label", EveryDays(5), 1),
            call("PUT /v1/inventory/{sku}", EveryDays(9), 1).answered(Answer::NeverServed),
        ],
    },
    Caller {
        name: "order-viewer",
        identity: Identity::UserName,
        agent: "wallboard/1.4",
        hour: 6,
        calls: &[
            call("GET /v1/orders", Daily, 2).query("status=open&limit=50"),
            call("GET /v1/orders/{orderId}", Daily, 1),
            call("GET /v1/shipments", Daily, 1),
        ],
    },
    Caller {
        name: "bi-dashboard",
        identity: Identity::CustomId,
        agent: "python-requests/2.31.0",
        hour: 6,
        calls: &[
            call("GET /v1/reports", Weekdays, 1),
            call("GET /v1/reports/{reportId}", Weekdays, 2).query("format=csv"),
        ],
    },
    Caller {
        name: "data-export",
        identity: Identity::UserName,
        agent: "curl/8.7.1",
        hour: 2,
        calls: &[
            call("GET /v1/orders/export", Daily, 1).query("format=csv"),
            call("POST /v1/exports", Daily, 1),
            call("GET /v1/exports/{exportId}", Daily, 2),
        ],
    },
    Caller {
        name: "partner-portal",
        identity: Identity::CustomId,
        agent: "axios/1.7.2",
        hour: 8,
        calls: &[
            call("GET /v1/products", Weekdays, 1),
            call("GET /v1/products/{sku}", Weekdays, 2),
        ],
    },
    Caller {
        name: "carrier-feed",
        identity: Identity::CustomId,
        agent: "CarrierFeed/0.9",
        hour: 11,
        calls: &[
            call("GET /v1/shipments", Daily, 1)
                .query("apikey=NOT-A-REAL-KEY-4f1d9c&since=1h")
                .answered(Answer::RefusedByService),
            call("GET /v1/shipments/{shipmentId}", EveryDays(2), 1)
                .answered(Answer::RefusedByService),
        ],
    },
    Caller {
        name: "ops-breakglass",
        identity: Identity::UserName,
        agent: "curl/8.5.0",
        hour: 13,
        calls: &[call("GET /v1/orders/{orderId}", EveryDays(14), 1).answered(Answer::Success)],
    },
    Caller {
        name: "migration-token",
        identity: Identity::CustomId,
        agent: "ci-smoke-test/1.0",
        hour: 4,
        calls: &[
            call("GET /v1/products/{sku}", Daily, 1),
            call("GET /v1/inventory/{sku}", Daily, 1),
        ],
    },
    // No policy names this one: it must be reported, never invented.
    Caller {
        name: "partner-sandbox",
        identity: Identity::UserName,
        agent: "PostmanRuntime/7.41.0",
        hour: 14,
        calls: &[call("GET /v1/products", EveryDays(11), 2)],
    },
    Caller {
        name: "anonymous",
        identity: Identity::AnonymousConsumer,
        agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15",
        hour: 10,
        calls: &[call("GET /v1/catalog/public", Daily, 2).answered(Answer::Success)],
    },
    Caller {
        name: "load-balancer",
        identity: Identity::Nobody,
        agent: "lb-health/1.0",
        hour: 0,
        calls: &[call("GET /healthz", Daily, 2).answered(Answer::Success)],
    },
    Caller {
        name: "browser-preflight",
        identity: Identity::Nobody,
        agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        hour: 7,
        calls: &[call("OPTIONS /v1/orders", Daily, 1).answered(Answer::Success)],
    },
    Caller {
        name: "expired-token",
        identity: Identity::Nobody,
        agent: "okhttp/4.9.3",
        hour: 12,
        calls: &[
            call("GET /v1/orders", EveryDays(2), 1).answered(Answer::NotAuthenticated),
            call("GET /v1/admin/users", EveryDays(5), 1)
                .query("apikey=NOT-A-REAL-KEY-4f1d9c")
                .answered(Answer::NotAuthenticated),
        ],
    },
    Caller {
        name: "scanner",
        identity: Identity::Nobody,
        agent: "Mozilla/5.0 zgrab/0.x",
        hour: 1,
        calls: &[
            call("GET /.env", EveryDays(3), 1).answered(Answer::NoRoute),
            call("GET /wp-login.php", EveryDays(3), 1).answered(Answer::NoRoute),
            call("POST /v1/graphql", EveryDays(10), 1).answered(Answer::NoRoute),
        ],
    },
];
