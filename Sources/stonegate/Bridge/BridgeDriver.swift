import Dispatch
import GateCurl
import GateDemo
import GateTerminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Does what a ``Bridge`` decides.
struct BridgeDriver {
    /// The whole URL of the gateway's MCP endpoint.
    let endpoint: String
    let agentName: String?

    /// Runs until the bridge ends or nobody reads stdout any more.
    ///
    /// - Throws: when the system has no thread or descriptor left.
    func run(_ bridge: Bridge) async throws {
        let (events, continuation) = AsyncStream.makeStream(of: Bridge.Event.self)
        let emit: @Sendable (Bridge.Event) -> Void = { continuation.yield($0) }
        var options = CurlAgentOptions()
        options.name = "stonegate-mcp"
        let agent = try CurlAgent(options: options)
        // Begun at zero, because a semaphore must not end below the value that it began with.
        let lines = DispatchSemaphore(value: 0)
        for _ in 0..<Self.mostUnhandledLines { lines.signal() }
        Self.readInput(lines, emit)
        await withDiscardingTaskGroup { group in
            var bridge = bridge
            var running: [Bridge.ExchangeID: (sink: BridgeSink, transfer: CurlTransfer)] = [:]
            let clock = ContinuousClock()
            let start = clock.now
            loop: for await event in events {
                for action in bridge.handle(event, now: clock.now - start) {
                    switch action {
                    case .write(let line):
                        guard Console.write(raw: line + [UInt8(ascii: "\n")]) else { break loop }
                    case .say(let text): Console.complain("stonegate mcp: " + SafeText.line(text))
                    case .send(let id, let request):
                        let sink = BridgeSink(id, emit: emit)
                        running[id] = (sink, agent.start(curl(request), sink: sink))
                    case .cancel(let id): running[id]?.transfer.cancel()
                    case .wake(let timer, let delay):
                        group.addTask {
                            guard (try? await Task.sleep(for: delay)) != nil else { return }
                            emit(.timer(timer))
                        }
                    case .end: break loop
                    }
                }
                switch event {
                case .line, .overlongLine: lines.signal()
                case .body(let id, let bytes):
                    if let (sink, transfer) = running[id], sink.taken(bytes.count) { transfer.resume() }
                case .finished(let id, _): if bridge.exchanges[id]?.isWaiting != false { running[id] = nil }
                case .head, .place, .timer, .inputEnded: break
                }
            }
            group.cancelAll()
        }
        await agent.shutdown()
    }

    private func curl(_ request: BridgeRequest) -> CurlRequest {
        var curl = CurlRequest(method: request.method, url: endpoint, headers: request.headers, body: request.body)
        if let agentName { curl.headers.append(("X-Stonegate-Agent", agentName)) }
        curl.connectTimeout = .seconds(5)
        // The gateway ends calls by its own limits, and streams have none.
        curl.totalTimeout = request.method == "DELETE" ? .seconds(2) : nil
        curl.maxResponseBytes = .max
        return curl
    }

    /// Lines that may wait to be handled before stdin is left alone.
    private static let mostUnhandledLines = 64

    /// Reads stdin on a thread of its own, because a read cannot be interrupted.
    private static func readInput(_ lines: DispatchSemaphore, _ emit: @escaping @Sendable (Bridge.Event) -> Void) {
        DispatchQueue(label: "stonegate.stdin").async {
            var splitter = LineSplitter(limit: Bridge.longestLine)
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(0, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                for line in splitter.add(chunk.prefix(count)) {
                    lines.wait()
                    switch line {
                    case .line(let bytes): emit(.line(bytes))
                    case .overlong: emit(.overlongLine)
                    }
                }
            }
            emit(.inputEnded)
        }
    }
}
