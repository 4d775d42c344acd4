package import GateCurl

/// How a license server is asked: one POST, one short answer.
package struct LicenseTransport: Sendable {
    package struct Answer: Sendable, Equatable {
        package var status: Int
        package var body: [UInt8]

        package init(status: Int, body: [UInt8]) {
            self.status = status
            self.body = body
        }
    }

    package let post: @Sendable (_ url: String, _ body: [UInt8]) async throws(LicenseFailure) -> Answer

    package init(_ post: @escaping @Sendable (String, [UInt8]) async throws(LicenseFailure) -> Answer) {
        self.post = post
    }

    package static let connectTime = Duration.seconds(5)
    package static let totalTime = Duration.seconds(10)

    /// With a client of its own. Redirects are not followed and nothing is decompressed; plain HTTP goes to this machine only, whatever
    /// its name means.
    ///
    /// - Parameters:
    ///   - total: for the whole exchange.
    package static func curl(
        connect: Duration = LicenseTransport.connectTime, total: Duration = LicenseTransport.totalTime
    ) throws(CurlError) -> LicenseTransport {
        var options = CurlAgentOptions()
        options.name = "license"
        options.maxConnectionsPerHost = 1
        options.maxIdleConnections = 0
        let agent = try CurlAgent(options: options)
        return LicenseTransport { url, body throws(LicenseFailure) in
            var request = CurlRequest(
                method: "POST", url: url,
                headers: [
                    (name: "Content-Type", value: "application/json"), (name: "Accept", value: "application/json"),
                ],
                body: body)
            request.connectTimeout = connect
            request.totalTimeout = total
            request.maxResponseBytes = WireLimits.bytes
            if !url.hasPrefix("https://") { request.allowedAddress = { $0.scope == .loopback } }
            let response: CurlResponse
            do throws(CurlError) {
                response = try await agent.send(request)
            } catch {
                switch error.kind {
                case .tooLarge: throw .invalid("it is larger than \(WireLimits.bytes) bytes")
                case .protocolError: throw .invalid("it is no HTTP")
                default: throw .unreachable(error.message)
                }
            }
            if let coding = response.head.value("content-encoding"), coding != "identity" {
                throw .invalid("it is compressed, which nobody asked for")
            }
            return Answer(status: response.status, body: response.body)
        }
    }
}
