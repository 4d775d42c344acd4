import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Makes calls over kept-alive connections and writes down what each client saw. One thread, so that it takes little
/// from what it measures.
package final class Load: Sendable {
    /// Who calls what, how often.
    package struct Plan: Sendable {
        package var port: UInt16
        package var connections: Int
        /// The whole request, as bytes, for the n-th call of the load.
        package var request: @Sendable (Int) -> [UInt8]
        /// From one call of a connection to its next; nil calls again as soon as the answer is there.
        package var interval: Duration?
        /// Calls of the whole load; nil goes on until ``stop()``.
        package var total: Int?
        /// How long a client waits for an answer before it hangs up.
        package var patience = Duration.seconds(60)

        package init(
            port: UInt16, connections: Int, interval: Duration? = nil, total: Int? = nil,
            request: @escaping @Sendable (Int) -> [UInt8]
        ) {
            self.port = port
            self.connections = connections
            self.interval = interval
            self.total = total
            self.request = request
        }
    }

    private struct State {
        var calls: [CallRecord] = []
        var inFlight = 0
        var isStopping = false
    }

    private let state = Mutex(State())
    private let ended: Journal<LoadResult>
    private let waking: Int32

    package init(_ plan: Plan) throws {
        var ends: [Int32] = [-1, -1]
        try Sockets.check("pipe", pipe(&ends))
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        waking = ends[1]
        ended = Journal(name: "end of the load")
        let woken = ends[0]
        DispatchQueue(label: "load").async { [self] in
            var engine = LoadEngine(plan, wakeUp: woken)
            engine.run(
                isStopping: { state.withLock(\.isStopping) },
                note: { calls, inFlight in
                    state.withLock { state in
                        state.calls += calls
                        state.inFlight = inFlight
                    }
                })
            close(woken)
            ended.append(state.withLock { LoadResult(calls: $0.calls, unanswered: $0.inFlight) })
        }
    }

    deinit { close(waking) }

    /// Runs a plan that has an end.
    package static func run(_ plan: Plan) async throws -> LoadResult {
        try await Load(plan).result()
    }

    /// Begins no further call, waits for the answers that are due, and returns everything.
    package func stop(within time: Duration = .seconds(90)) async throws -> LoadResult {
        state.withLock { $0.isStopping = true }
        var byte: UInt8 = 0
        _ = write(waking, &byte, 1)
        return try await result(within: time)
    }

    package func result(within time: Duration = .seconds(600)) async throws -> LoadResult {
        try await ended.first(within: time) { _ in true }.element
    }

    /// What is known so far.
    package var soFar: LoadResult { state.withLock { LoadResult(calls: $0.calls, unanswered: $0.inFlight) } }
    package var inFlight: Int { state.withLock(\.inFlight) }
}

extension Load.Plan {
    /// `POST /call` of one tool.
    /// - Parameters:
    ///   - arguments: JSON, for the n-th call.
    ///   - timeout: the `X-Stonegate-Timeout` of each call.
    package static func calls(
        port: UInt16, server: String, tool: String, connections: Int, interval: Duration? = nil, total: Int? = nil,
        timeout: Duration? = nil, agent: String? = nil,
        arguments: @escaping @Sendable (Int) -> String = { _ in "{}" }
    ) -> Load.Plan {
        var head = "POST /call HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
        if let timeout { head += "X-Stonegate-Timeout: \(Int(timeout.milliseconds))\r\n" }
        if let agent { head += "X-Stonegate-Agent: \(agent)\r\n" }
        let start = head
        return Load.Plan(port: port, connections: connections, interval: interval, total: total) { number in
            let body = "{\"server\":\"\(server)\",\"tool\":\"\(tool)\",\"arguments\":\(arguments(number))}"
            return Array("\(start)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
        }
    }

    /// `GET` of a path.
    package static func get(
        port: UInt16, _ path: String, connections: Int, interval: Duration? = nil, total: Int? = nil
    ) -> Load.Plan {
        let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8)
        return Load.Plan(port: port, connections: connections, interval: interval, total: total) { _ in request }
    }
}
