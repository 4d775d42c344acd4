import GateProtocol
import GateTestKit
import Testing

/// F-8: clients that go away in the middle of everything.
extension FaultTests {
    private enum Leaving: Int, CaseIterable, Sendable { case resetInRequest, resetInCall, closeInCall, halfClose }

    @Test(arguments: ["stdio", "http"]) func f08ClientsGone(transport: String) async throws {
        let server = transport == "http" ? try await FakeServer.start() : nil
        let backend = try server.map { BackendText("busy", port: $0.port) } ?? BackendText(fake: "busy")
        let gateway = try await Rig.start(Rig.restless, backends: [backend], running: ["busy"])
        _ = try await gateway.oneCall("busy", "echo", #"{"text":"x"}"#)
        let before = gateway.sample
        let port = gateway.port
        let count = scale.clientsGone / 2
        try await offPool {
            for number in 0..<count {
                let way = Leaving.allCases[number % Leaving.allCases.count]
                let body = #"{"server":"busy","tool":"sleep","arguments":{"ms":60000}}"#
                let head = "POST /call HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
                let request = "\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                let connection = try RawConnection(port: port)
                try connection.send(way == .resetInRequest ? String(request.dropLast(10)) : request)
                switch way {
                case .resetInRequest: connection.reset()
                case .resetInCall:
                    Sampling.rest(.milliseconds(3))
                    connection.reset()
                case .closeInCall:
                    Sampling.rest(.milliseconds(3))
                    connection.close()
                case .halfClose:
                    // The end of what a client sends is the end of its call.
                    Sampling.rest(.milliseconds(3))
                    connection.halfClose()
                    _ = try connection.fill(by: .now + .seconds(5))
                    connection.close()
                }
            }
        }
        // All their calls are taken back at once; none goes on for the minute it would take.
        let start = ContinuousClock.now
        var inFlight = 1
        while inFlight > 0, .now - start < .seconds(10) {
            inFlight = try await gateway.status(of: "busy")["in_flight"]?.intValue ?? 0
        }
        let cancelled = ContinuousClock.now - start
        let after = try await settled(gateway, like: before)
        let known = try await gateway.post(
            "/call", json: #"{"server":"busy","tool":"cancelled","arguments":{}}"#)
        let told = known.text.components(of: "\\\"tool\\\":\\\"sleep\\\"")
        FaultReport.add(
            "F-8", transport,
            "\(count) clients gone (reset in the request, reset and closed in a call, half-closed): calls of all taken back "
                + "\(cancelled.brief) after the last; the server was told of \(told); before: \(before.holdings); "
                + "after: \(after.holdings)")
        #expect(inFlight == 0)
        #expect(cancelled <= scale.bound(.milliseconds(100), loose: .seconds(1)))
        #expect(after.descriptors <= before.descriptors + 8)
        #expect(after.zombies == 0)
        #expect(after.children == before.children)
        #expect(told > 0)
        #expect(try await gateway.stop() == .code(0))
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: text) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
