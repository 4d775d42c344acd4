import Dispatch
import GateBackend
import GateCore
import Synchronization

/// A modern MCP server over HTTP whose calls and harmless requests go as the test says, and are counted.
final class FaultyServer: Sendable {
    enum Fate: Sendable {
        case result(String)
        case rpcError(Int)
        case status(String)
        /// Closes the connection without an answer.
        case hangUp
        case silence
    }

    struct Counts: Sendable {
        var calls = 0
        var discovers = 0
        var discoversNow = 0
        var mostDiscoversAtOnce = 0
    }

    static let good = Fate.result(#"{"resultType":"complete","content":[],"isError":false}"#)
    static let toolError = Fate.result(#"{"resultType":"complete","content":[],"isError":true}"#)
    private static let greeting = Fate.result(
        #"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}"#)

    private struct State {
        var counts = Counts()
        var fates: [Fate] = []
        var last = FaultyServer.good
        var discover = FaultyServer.greeting
        var gate: DispatchSemaphore?
    }

    /// What the connections' threads work on.
    private final class Core: Sendable {
        let state = Mutex(State())

        func answer(_ request: ScriptedServer.Request, _ reply: ScriptedReply) {
            if request.body.contains("\"tools/list\"") {
                return carryOut(.result(#"{"resultType":"complete","tools":[]}"#), request, reply)
            }
            if request.body.contains("\"tools/call\"") {
                let fate = state.withLock { state in
                    state.counts.calls += 1
                    return state.fates.isEmpty ? state.last : state.fates.removeFirst()
                }
                return carryOut(fate, request, reply)
            }
            let (fate, gate) = state.withLock { state in
                state.counts.discovers += 1
                state.counts.discoversNow += 1
                state.counts.mostDiscoversAtOnce = max(state.counts.mostDiscoversAtOnce, state.counts.discoversNow)
                return (state.discover, state.gate)
            }
            gate?.wait()
            // Counted out before the answer leaves: the next request may be here before the next line.
            state.withLock { $0.counts.discoversNow -= 1 }
            carryOut(fate, request, reply)
        }

        private func carryOut(_ fate: Fate, _ request: ScriptedServer.Request, _ reply: ScriptedReply) {
            let id = request.id ?? 0
            switch fate {
            case .result(let text): reply.json(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(text)}"#)
            case .rpcError(let code):
                reply.json(#"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"message":"no"}}"#)
            case .status(let status): reply.plain(status)
            case .hangUp: reply.hangUp()
            case .silence: reply.awaitHangUp(request)
            }
        }
    }

    private let core: Core
    private let server: ScriptedServer

    var url: String { server.url }
    var counts: Counts { core.state.withLock { $0.counts } }

    init() throws {
        let core = Core()
        self.core = core
        server = try ScriptedServer { core.answer($0, $1) }
    }

    /// The next calls go like this, those behind like the last of them.
    func calls(_ fates: Fate...) {
        core.state.withLock { state in
            state.fates = Array(fates.dropLast())
            if let last = fates.last { state.last = last }
        }
    }

    /// From now on harmless requests wait until the gate is signalled, once for each.
    func holdDiscovers() -> DispatchSemaphore {
        let gate = DispatchSemaphore(value: 0)
        core.state.withLock { $0.gate = gate }
        return gate
    }

    /// Runs a backend against it.
    func run(
        _ configure: (inout BackendSettings) -> Void = { _ in }, _ body: (TestBackend) async throws -> Void
    ) async throws {
        try await TestBackend.over(
            [],
            configure: { settings in
                settings.connection = .http(.init(url: url, headers: []))
                settings.era = .modern
                settings.healthCheck = false
                configure(&settings)
            }
        ) { test in
            await test.reached(.running)
            try await body(test)
        }
    }
}
