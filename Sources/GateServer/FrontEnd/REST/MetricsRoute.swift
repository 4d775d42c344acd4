import GateProtocol

/// `GET /metrics`, for Prometheus.
struct MetricsRoute: Sendable {
    let services: any GatewayServices

    func answer(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(
            text: await services.metrics(), contentType: "text/plain; version=0.0.4; charset=utf-8",
            headers: [("Cache-Control", "no-store")])
    }
}
