import GateProtocol
import GateTestKit
import Synchronization

/// What passed between the agents and the gateway, as validate.py reads it.
final class Tap: Sendable {
    private struct State {
        var lines: [String] = []
        var asked: [String: String] = [:]
    }

    private let state = Mutex(State())

    var lines: [String] { state.withLock { $0.lines } }

    /// - Parameter channel: whose request ids these are.
    func note(_ message: JSONValue, toServer: Bool, revision: String, channel: String) {
        state.withLock { state in
            let id = message["id"]?.text ?? ""
            let isRequest = message["method"] != nil
            let asker = toServer == isRequest ? "agent" : "gateway"
            let key = "\(channel) \(asker) \(id)"
            var method: JSONValue = .null
            if let name = message["method"]?.stringValue {
                if message["id"] != nil { state.asked[key] = name }
            } else if let name = state.asked.removeValue(forKey: key) {
                method = .string(name)
            }
            let entry: JSONValue = [
                "direction": .string(toServer ? "to_server" : "to_client"), "revision": .string(revision),
                "method": method, "message": message, "channel": .string(channel),
            ]
            state.lines.append(entry.text)
        }
    }
}
