import GateCore
import GateProtocol

/// The license, for the operator.
struct LicenseRoutes: Sendable {
    let services: any GatewayServices

    func show(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        var object = await services.license.status().objectValue ?? JSONObject()
        object["used"] = used
        return RESTReply(.object(object))
    }

    /// The body of a heartbeat as it would leave now, byte for byte; the nonce is another one each time.
    func telemetry(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let body = await services.license.telemetry()
        guard let json = try? JSONValue(parsing: body) else {
            throw GateError(
                .licenseRefused, "Without a license nothing is sent to anybody.", source: .caller)
        }
        return RESTReply(json)
    }

    /// `{"key"}`.
    func activate(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        guard let key = try request.json()["key"]?.stringValue else {
            throw GateError(.invalidParams, "The body needs {\"key\": \"SG-…\"}, the license key.", source: .caller)
        }
        return RESTReply(try await services.license.activate(key: key))
    }

    func deactivate(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(try await services.license.deactivate())
    }

    func refresh(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(try await services.license.refresh())
    }

    /// What there is of that which tiers limit.
    private var used: JSONValue {
        ["backends": .init(services.health().backendsTotal), "agents": .init(services.access.list().count)]
    }
}
