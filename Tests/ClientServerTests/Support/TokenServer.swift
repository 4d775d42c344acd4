import Dispatch
import GateTestKit
import Synchronization

/// A token server for the client credentials grant in the test's own process: `tok-1`, `tok-2` and so on.
final class TokenServer: Sendable {
    enum Mode: Sendable {
        case grant(expiresIn: Int)
        case answer(ScriptedServer.Answer)
    }

    private struct State {
        var mode: Mode
        var issued = 0
        var valid: Set<String> = []
        var isHeld = false
    }

    private final class Shared: Sendable {
        let state: Mutex<State>
        let released = DispatchSemaphore(value: 0)

        init(_ mode: Mode) { state = Mutex(State(mode: mode)) }

        func answer() -> ScriptedServer.Answer {
            if state.withLock(\.isHeld) { released.wait() }
            return state.withLock { state in
                guard case .grant(let seconds) = state.mode else {
                    guard case .answer(let answer) = state.mode else { return .hangUp }
                    return answer
                }
                state.issued += 1
                let token = "tok-\(state.issued)"
                state.valid.insert(token)
                return .ok(#"{"access_token":"\#(token)","token_type":"Bearer","expires_in":\#(seconds)}"#)
            }
        }
    }

    let server: ScriptedServer
    private let shared: Shared

    init(_ mode: Mode = .grant(expiresIn: 3_600)) throws {
        let shared = Shared(mode)
        self.shared = shared
        server = try ScriptedServer { _ in shared.answer() }
    }

    var url: String { server.url + "/token" }
    var requests: [ScriptedServer.Request] { server.requests.all }

    func set(_ mode: Mode) { shared.state.withLock { $0.mode = mode } }

    /// Lets the next requests wait until ``release()``.
    func hold() { shared.state.withLock { $0.isHeld = true } }

    func release() {
        shared.state.withLock { $0.isHeld = false }
        shared.released.signal()
    }

    /// From now on no token that was issued so far is taken.
    func revoke() { shared.state.withLock { $0.valid = [] } }

    /// What a server does that takes these tokens.
    var guardian: @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer? {
        { [shared] request in
            let token = (request["authorization"] ?? "").dropFirst("Bearer ".count)
            return shared.state.withLock { $0.valid.contains(String(token)) } ? nil : .reply(401, "")
        }
    }
}
