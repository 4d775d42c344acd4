import GateBackend
import GateCore
import GateProtocol
import GateTestKit
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A backend over the scripted server, running in a task of the test.
final class TestBackend: BackendObserver, EraMemory, Sendable {
    private struct State {
        var lists: [[String]] = []
        var changes: [Supervisor.Change] = []
        var circuits: [CircuitBreaker.Transition] = []
        var eras: [String: ProtocolEra] = [:]
        var standings = ToolStandings()
        var waiters: [(@Sendable (State) -> Bool, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let slot = Mutex<Backend?>(nil)

    var backend: Backend { slot.withLock { $0 }.unsafelyUnwrapped }
    var lists: [[String]] { state.withLock { $0.lists } }
    var changes: [Supervisor.Change] { state.withLock { $0.changes } }
    var circuits: [CircuitBreaker.Transition] { state.withLock { $0.circuits } }
    var remembered: ProtocolEra? { state.withLock { $0.eras.values.first } }

    /// Runs a backend over `fakemcp` with these flags for as long as the body lasts.
    static func over(
        _ flags: [String], configure: (inout BackendSettings) -> Void = { _ in }, remembers: ProtocolEra? = nil,
        _ body: (TestBackend) async throws -> Void
    ) async throws {
        let program = try Products.path("fakemcp")
        var settings = BackendSettings(
            name: "fake",
            connection: .stdio(
                .init(
                    command: program, arguments: flags, environment: [], workingDirectory: "/tmp", trust: .config)))
        settings.requestTimeout = .seconds(20)
        settings.probeTimeout = .milliseconds(1_500)
        configure(&settings)
        let test = TestBackend()
        if let remembers { test.remember(settings.identity, remembers) }
        let backend = Backend(
            settings: settings,
            context: BackendContext(
                group: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                environment: ["PATH": "/usr/bin:/bin"], eras: test, observer: test))
        test.slot.withLock { $0 = backend }
        async let running: Void = backend.run()
        backend.start()
        do {
            try await body(test)
        } catch {
            backend.shutDown()
            await running
            throw error
        }
        backend.shutDown()
        await running
    }

    func call(
        _ tool: String, _ arguments: String = "{}", within: Duration = .seconds(15),
        onProgress: (@Sendable (ByteBuffer) -> Void)? = nil
    ) async throws(GateError) -> WireMessage {
        let listener = onProgress.map { onProgress in
            CallListener(wantsProgress: true) { event in
                if case .progress(let members) = event { onProgress(members) }
            }
        }
        return try await backend.call(
            BackendCall(
                .tool(tool, arguments: ByteBuffer(string: arguments)), principal: "test",
                deadline: .now.advanced(by: within), listener: listener))
    }

    /// The text of a call's first content block.
    func text(_ tool: String, _ arguments: String = "{}") async throws(GateError) -> String {
        let reply = try await call(tool, arguments)
        return reply.value(reply.resultMember("content"))?.arrayValue?.first?["text"]?.stringValue ?? ""
    }

    /// The failure of a call that must fail.
    func failure(_ tool: String, _ arguments: String = "{}", within: Duration = .seconds(15)) async -> GateError? {
        do throws(GateError) {
            _ = try await call(tool, arguments, within: within)
            return nil
        } catch {
            return error
        }
    }

    /// Waits until the backend has reached a state (again, when it was in it before).
    func reached(_ wanted: Supervisor.State, times: Int = 1) async {
        await until { state in state.changes.count { $0.to == wanted } >= times }
    }

    func listed(containing tool: String) async { await until { $0.lists.last?.contains(tool) == true } }

    func listed(_ count: Int) async { await until { $0.lists.count >= count } }

    /// Waits until the circuit has come to this state.
    func circuit(_ state: CircuitBreaker.State) async { await until { $0.circuits.last?.to == state } }

    private func until(_ condition: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let holds = state.withLock { state in
                if condition(state) { return true }
                state.waiters.append((condition, continuation))
                return false
            }
            if holds { continuation.resume() }
        }
    }

    private func update(_ change: (inout State) -> Void) {
        let due = state.withLock { state in
            change(&state)
            let snapshot = state
            let due = state.waiters.filter { $0.0(snapshot) }.map(\.1)
            state.waiters.removeAll { $0.0(snapshot) }
            return due
        }
        for continuation in due { continuation.resume() }
    }

    func backend(_ name: String, listedAside: BackendListing) -> ToolStandings? { nil }
    func backend(_ name: String, holds tool: String, as digest: DefinitionDigest) -> ToolHold? {
        state.withLock { $0.standings.doubtful.contains(ExactText(tool)) } ? ToolHold(.changed, digest) : nil
    }

    /// What is answered to the next lists, and to calls of what is doubtful then.
    func set(_ standings: ToolStandings) { state.withLock { $0.standings = standings } }

    func backend(_ name: String, listed: BackendListing) -> ToolStandings? {
        guard let tools = listed.lists[.tools] else { return nil }
        let names = tools.definitions.map { tool in
            (try? JSONValue(parsing: Array(buffer: tool)))?["name"]?.stringValue ?? ""
        }
        update { $0.lists.append(names) }
        return state.withLock { $0.standings }
    }

    func backend(_ name: String, changed: Supervisor.Change) { update { $0.changes.append(changed) } }
    func backend(_ name: String, circuit: CircuitBreaker.Transition) { update { $0.circuits.append(circuit) } }
    func recall(_ identity: String) -> ProtocolEra? { state.withLock { $0.eras[identity] } }
    func forgetEra(_ identity: String) { state.withLock { $0.eras[identity] = nil } }
    func remember(_ identity: String, _ era: ProtocolEra) { state.withLock { $0.eras[identity] = era } }
}
