//! Lines of every format, for the tests of detection.

/// Lines of each format; those of a table begin with its header.
pub(super) const SAMPLES: &[(&str, &[&str])] = &[
    (
        "kong",
        &[
            r#"{"request":{"uri":"\/v1\/orders","method":"GET"},"response":{"status":200},"latencies":{"kong":3},"route":{"name":"orders"},"started_at":1767355200117}"#,
            r#"{"session":{"tls":{}},"latencies":{"kong":1},"started_at":1767355200117}"#,
        ],
    ),
    (
        "aws-apigw",
        &[
            r#"{"requestId":"c6af","ip":"198.51.100.23","requestTime":"02/Jan/2026:12:00:00 +0000","httpMethod":"GET","resourcePath":"/orders/{id}","path":"/prod/orders/42","status":"200","protocol":"HTTP/1.1","clientId":"erp"}"#,
            r#"{"requestId":"c6af","ip":"198.51.100.23","requestTime":"02/Jan/2026:12:00:00 +0000","httpMethod":"GET","routeKey":"GET /orders","status":"200","protocol":"HTTP/1.1","responseLength":"2"}"#,
            r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /orders/{id} HTTP/1.1" 200 1843 c6af9ac6-7b61-11e6-9a41-93e8deadbeef XyZ1EHJoIAMFabc="#,
            "198.51.100.23,02/Jan/2026:12:00:00 +0000,GET,GET /orders/{id},HTTP/1.1,200,1843,JKJaXmPLvHcESHA=",
        ],
    ),
    (
        "envoy",
        &[
            r#"{"start_time":"2026-01-02T12:00:00.117Z","method":"GET","path":"/a","response_code":200,"response_flags":"-","authority":"api.example.com"}"#,
            r#"{":authority":"api.example.com","start_time":"2026-01-02T12:00:00.117Z","method":"GET","x-envoy-origin-path":"/a","response_code":"200"}"#,
            r#"{"@timestamp":"2026-01-02T12:00:00.117Z","authority":"api.example.com","method":"GET","path":"/a","response_code":200,"response_flags":"-"}"#,
            r#"[2026-01-02T12:00:00.117Z] "GET /v1/orders HTTP/2" 200 - 0 1843 24 21 "198.51.100.23" "okhttp/4" "cc21" "api.example.com" "192.0.2.7:8080""#,
            r#"[2026-01-02T12:00:00.117Z] "GET /v1/orders HTTP/2" 200 - via_upstream - "-" 0 1843 24 21 "-" "okhttp/4" "cc21" "api.example.com" "192.0.2.7:8080" a 192.0.2.3:1 192.0.2.9:2 198.51.100.23:3 - default"#,
        ],
    ),
    (
        "kubernetes-audit",
        &[
            r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","requestURI":"/version","verb":"get","user":{"username":"u"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T12:00:00Z"}"#,
        ],
    ),
    (
        "traefik",
        &[
            r#"{"ClientHost":"198.51.100.23","ClientUsername":"-","DownstreamStatus":200,"OriginStatus":200,"RequestMethod":"GET","RequestPath":"/v1/orders","RouterName":"a@file","StartUTC":"2026-01-02T12:00:00.117782192Z","level":"info","msg":"","time":"2026-01-02T12:00:01Z"}"#,
        ],
    ),
    (
        "caddy",
        &[
            r#"{"level":"info","ts":1767355200.1178,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"198.51.100.23","method":"GET","host":"a","uri":"/v1/orders","headers":{}},"user_id":"","duration":0.02,"status":200,"resp_headers":{}}"#,
            r#"{"level":"info","ts":1767355200.1,"logger":"admin","msg":"admin endpoint started"}"#,
        ],
    ),
    (
        "haproxy",
        &[
            r#"198.51.100.23:33317 [02/Jan/2026:12:00:00.117] fe~ orders/srv1 0/0/1/21/24 200 1843 - - ---- 3/3/1/1/0 0/0 {erp} {} "GET /v1/orders HTTP/1.1""#,
            r#"198.51.100.23:33317 [02/Jan/2026:12:00:00.117] fe~ orders/srv1 0/0/1/21/24 200 1843 - - ---- 3/3/1/1/0 0/0 "GET /v1/orders HTTP/1.1" 0/00/0/0/0 a/TLSv1.3/X"#,
        ],
    ),
    (
        "apisix",
        &[
            r#"{"client_ip":"198.51.100.23","route_id":"orders","service_id":"svc-1","start_time":1767355200117,"latency":24.1,"upstream_latency":21,"apisix_latency":3.1,"upstream":"192.0.2.7:8080","request":{"method":"GET","uri":"/v1/orders","headers":{}},"response":{"status":200}}"#,
        ],
    ),
    (
        "nginx-json",
        &[
            r#"{"time_local":"02/Jan/2026:12:00:00 +0000","remote_addr":"198.51.100.23","remote_user":"","request":"GET /v1/orders HTTP/1.1","status":"200","body_bytes_sent":"1843"}"#,
            r#"{"time":"2026-01-02T12:00:00Z","client_ip":"198.51.100.23","method":"GET","request_uri":"/v1/orders","status":200,"request_time":0.1,"upstream_status":"200"}"#,
        ],
    ),
    (
        "nginx-proxy-manager",
        &[
            r#"[02/Jan/2026:12:00:00 +0000] - 200 200 - GET https api.example.com "/v1/orders" [Client 198.51.100.23] [Length 1843] [Gzip 2.45] [Sent-to 10.0.0.15] "okhttp/4" "-""#,
            r#"[02/Jan/2026:12:00:00 +0000] 200 - GET https api.example.com "/v1/orders" [Client 198.51.100.23] [Length 1843] [Gzip -] "okhttp/4" "-""#,
            r#"[02/Jan/2026:12:00:00 +0000] api.example.com 198.51.100.23 0.024 "GET /v1/orders HTTP/2.0" 200 1843 2048 - okhttp/4"#,
        ],
    ),
    (
        "aws-alb",
        &[
            r#"https 2026-01-02T12:00:00.141234Z app/api-lb/50dc 198.51.100.23:44740 192.0.2.7:8080 0.001 0.021 0.000 200 200 512 1843 "GET https://api.example.com:443/v1/orders HTTP/1.1" "okhttp/4" ECDHE TLSv1.2 arn:aws:x "Root=1-65a0""#,
        ],
    ),
    (
        "cloudtrail",
        &[
            r#"{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/erp"},"eventTime":"2026-01-02T12:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1"}"#,
        ],
    ),
    (
        "gcp-requests",
        &[
            r#"{"httpRequest":{"remoteIp":"198.51.100.23","requestMethod":"POST","requestUrl":"https://api.example.com/v1/orders","status":200},"insertId":"abc","jsonPayload":{"statusDetails":"response_sent_by_backend"},"logName":"projects/p/logs/requests","resource":{"type":"http_load_balancer"},"timestamp":"2026-01-02T12:00:00.117Z"}"#,
        ],
    ),
    (
        "gcp-audit",
        &[
            r#"{"insertId":"a","logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity","protoPayload":{"authenticationInfo":{"principalEmail":"erp@p"},"authorizationInfo":[{"permission":"storage.objects.get","granted":true}],"methodName":"storage.objects.get"},"timestamp":"2026-01-02T12:00:00.117Z"}"#,
        ],
    ),
    (
        "cloudflare",
        &[
            r#"{"ClientIP":"198.51.100.23","ClientRequestHost":"a","ClientRequestMethod":"GET","ClientRequestURI":"/v1/orders","EdgeStartTimestamp":"2026-01-02T12:00:00Z","EdgeResponseStatus":200,"OriginResponseStatus":200,"RayID":"761f"}"#,
        ],
    ),
    (
        "fastly",
        &[
            r#"{"timestamp":"2026-01-02T12:00:00+0000","client_ip":"198.51.100.23","host":"a","url":"/v1/orders","request_method":"GET","request_user_agent":"a","response_state":"MISS","response_status":404,"response_reason":"x","fastly_server":"cache-x"}"#,
        ],
    ),
    (
        "azure-apim",
        &[
            r#"{"time":"2026-01-02T12:00:00.1170000Z","operationName":"Microsoft.ApiManagement/GatewayLogs","category":"GatewayLogs","callerIpAddress":"198.51.100.23","correlationId":"8f3c","properties":{"method":"GET","url":"https://apim1.azure-api.net/orders","responseCode":200,"apimSubscriptionId":"erp"}}"#,
        ],
    ),
    (
        "azure-app-gateway",
        &[
            r#"{"timeStamp":"2026-01-02T12:00:00+00:00","operationName":"ApplicationGatewayAccess","category":"ApplicationGatewayAccessLog","properties":{"clientIP":"198.51.100.23","httpMethod":"GET","originalRequestUriWithArgs":"/v1/orders","requestUri":"/x","httpStatus":200,"serverStatus":"200"}}"#,
        ],
    ),
    (
        "azure-front-door",
        &[
            r#"{"time":"2026-01-02T12:00:00.1170000Z","category":"FrontDoorAccessLog","operationName":"Microsoft.Cdn/Profiles/AccessLog/Write","properties":{"trackingReference":"0abc","httpMethod":"GET","requestUri":"https://api.example.com:443/v1/orders","clientIp":"198.51.100.23","httpStatusCode":"200"}}"#,
        ],
    ),
    (
        "ms-graph",
        &[
            r#"{"time":"2026-01-02T12:00:00.6442361Z","operationName":"Microsoft Graph Activity","category":"MicrosoftGraphActivityLogs","properties":{"requestId":"f773","requestMethod":"GET","responseStatusCode":200,"appId":"1111","requestUri":"https://graph.microsoft.com/v1.0/users","scopes":null,"roles":"User.Read.All"}}"#,
        ],
    ),
    (
        "gravitee",
        &[
            r#"{"timestamp":1767355200117,"requestId":"r1","transactionId":"t1","apiId":"a1","planId":"p1","applicationId":"app-7","httpMethod":"GET","uri":"/orders/v1","status":200,"endpoint":"http://192.0.2.7:8080/v1"}"#,
            r#"{"gateway":"g1","@timestamp":"2026-01-02T12:00:00.117Z","request-id":"r1","transaction-id":"t1","api-id":"a1","plan-id":"p1","application-id":"app-7","http-method":3,"uri":"/orders/v1","status":200}"#,
        ],
    ),
    (
        "apigee",
        &[
            r#"{"timestamp":"1767355200117","apiproxy":"orders","client_id":"erp-key","request_verb":"GET","request_uri":"/v1/orders","response_status_code":"200"}"#,
        ],
    ),
    (
        "tyk",
        &[
            r#"{"tyk-analytics-record":{"method":"GET","host":"a","path":"/orders","raw_path":"/v1/orders","response_code":200,"api_key":"9c0f","timestamp":"2026-01-02T12:00:00.117Z","api_id":"a1","org_id":"o1","oauth_id":"erp"},"level":"info","msg":""}"#,
        ],
    ),
    (
        "krakend",
        &[
            "[GIN] 2026/01/02 - 12:00:00 | 200 |       4.529µs |   198.51.100.23 | GET      \"/v1/orders\"",
        ],
    ),
    (
        "oathkeeper",
        &[
            r#"{"audience":"application","granted":true,"http_host":"a","http_method":"GET","http_url":"https://a/v1/orders","msg":"Access request granted","subject":"erp","time":"2026-01-02T12:00:00Z"}"#,
        ],
    ),
    (
        "squid",
        &[
            "1767355200.117     21 198.51.100.23 TCP_MISS/200 1843 GET http://api.example.com/v1/orders - HIER_DIRECT/192.0.2.7 application/json",
        ],
    ),
    (
        "zoraxy",
        &[
            "[2026-01-02 12:00:00.117248] [router:host-http] [origin:api.example.com] [client: 198.51.100.23] [useragent: okhttp/4] GET /v1/orders 200",
        ],
    ),
    (
        "ecs",
        &[
            r#"{"@timestamp":"2026-01-02T12:00:00.117Z","ecs":{"version":"8.0"},"http":{"request":{"method":"GET"},"response":{"status_code":200}},"url":{"path":"/v1/orders"},"user":{"name":"erp"}}"#,
            r#"{"@timestamp":"2026-01-02T12:00:00.117Z","ecs.version":"8.0","http.request.method":"GET","http.response.status_code":200,"url.original":"/v1/orders","user.name":"erp"}"#,
        ],
    ),
    (
        "ocsf",
        &[
            r#"{"class_uid":6003,"activity_id":2,"time":1767355200117,"status_id":1,"api":{"operation":"GetObject","service":{"name":"s3"}},"actor":{"app_uid":"erp"},"metadata":{"uid":"m1"}}"#,
            r#"{"class_uid":4002,"time":1767355200117,"http_request":{"http_method":"GET","url":{"path":"/v1/orders"}},"http_response":{"code":200},"metadata":{}}"#,
        ],
    ),
    (
        "otlp",
        &[
            r#"{"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"1767355200117000000","attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"url.path","value":{"stringValue":"/v1/orders"}}]}]}]}]}"#,
        ],
    ),
    (
        "native",
        &[
            r#"{"time":1767355200,"client_id":"erp","method":"GET","path":"/v1/orders","status":200}"#,
            r#"{"time":1767355200,"client_id":"erp","method":"GET","path":"/v1/orders","status":200,"remote_addr":"198.51.100.23","user_agent":"a"}"#,
        ],
    ),
    (
        "combined",
        &[
            r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /v1/orders HTTP/1.1" 200 1843 "-" "okhttp/4""#,
            r#"198.51.100.23 - - [02/Jan/2026:12:00:00 +0000] "GET /v1/orders HTTP/1.1" 200 414 "-" "-" 500 "a@docker" "http://172.17.0.3:80" 0ms"#,
        ],
    ),
    (
        "w3c",
        &[
            "#Fields: date time cs-method cs-uri-stem cs-username sc-status",
            "2026-01-02 12:00:00 GET /orders erp 200",
            "2026-01-02 12:00:01 GET /orders erp 200",
        ],
    ),
    (
        "tyk-csv",
        &[
            "Method,Host,Path,RawPath,ResponseCode,APIKey,TimeStamp,OauthID",
            "GET,h,/x,/orders,200,k1,2026-01-02 12:00:00.117 +0000 UTC,erp",
            "GET,h,/x,/orders,200,k1,2026-01-02 12:00:01.117 +0000 UTC,erp",
        ],
    ),
];
