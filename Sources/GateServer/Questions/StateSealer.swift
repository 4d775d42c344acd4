import GateBackend
import GateCore
import NIOCore

/// Turns what the gateway must know at an agent's next round into `requestState`, and back.
///
/// The text is visible ASCII (base64url) and cannot be made or changed without the key. It holds for one agent and one call: the same
/// target and the same bytes of arguments. It is not secret; nothing is in it that the agent may not see.
package struct StateSealer: Sendable {
    enum Content: Equatable {
        /// The round of a parked call, of this process.
        case parked(ParkedCall.ID, round: UInt32)
        /// The backend's own `requestState`, JSON text of a string.
        case wrapped([UInt8])
        /// URLs that the agent was asked to open; how often it was asked.
        case urls(attempt: UInt8)
    }

    enum Fault: Error {
        /// Not made with this key for this agent and call.
        case foreign
        case expired
    }

    private static let headBytes = 10
    private static let parkedBytes = 20

    private let hash: KeyedHash

    /// - Parameter key: 32 secret bytes, kept over restarts so that agents can go on with servers that keep no state themselves.
    /// - Returns: nil for a key of another length.
    package init?(key: [UInt8]) {
        guard let hash = KeyedHash(key: key) else { return nil }
        self.hash = hash
    }

    /// - Parameter expiry: seconds since 1970.
    /// - Returns: JSON text of a string.
    func seal(_ content: Content, for call: GatewayCall, expiry: Int) -> ByteBuffer {
        var payload: [UInt8] = [1]
        switch content {
        case .parked: payload.append(1)
        case .wrapped: payload.append(2)
        case .urls: payload.append(3)
        }
        StateSealer.append(UInt64(clamping: expiry), bytes: 8, to: &payload)
        switch content {
        case .parked(let id, let round):
            StateSealer.append(id.high, bytes: 8, to: &payload)
            StateSealer.append(id.low, bytes: 8, to: &payload)
            StateSealer.append(UInt64(round), bytes: 4, to: &payload)
        case .wrapped(let state): payload += state
        case .urls(let attempt): payload.append(attempt)
        }
        return ByteBuffer(string: "\"\(Base64.encodeURL(tag(payload, call) + payload))\"")
    }

    /// - Parameters:
    ///   - text: what stands between the quotes.
    ///   - now: seconds since 1970.
    func open(_ text: some Sequence<UInt8>, for call: GatewayCall, now: Int) throws(Fault) -> Content {
        guard let bytes = Base64.decodeURL(text), bytes.count >= KeyedHash.tagBytes + StateSealer.headBytes else {
            throw .foreign
        }
        let payload = Array(bytes[KeyedHash.tagBytes...])
        guard KeyedHash.equal(tag(payload, call), bytes[..<KeyedHash.tagBytes]), payload[0] == 1 else {
            throw .foreign
        }
        guard StateSealer.number(payload[2..<10]) >= UInt64(clamping: now) else { throw .expired }
        let rest = payload[StateSealer.headBytes...]
        switch (payload[1], rest.count) {
        case (1, StateSealer.parkedBytes):
            let id = ParkedCall.ID(
                high: StateSealer.number(rest.prefix(8)), low: StateSealer.number(rest.dropFirst(8).prefix(8)))
            return .parked(id, round: UInt32(truncatingIfNeeded: StateSealer.number(rest.suffix(4))))
        case (2, 2...): return .wrapped(Array(rest))
        case (3, 1): return .urls(attempt: rest.first ?? 0)
        default: throw .foreign
        }
    }

    /// The signature of a payload for one agent and call. Every part is preceded by its length, so that none can borrow from the next.
    private func tag(_ payload: [UInt8], _ call: GatewayCall) -> [UInt8] {
        var text: [UInt8] = []
        func add(_ part: some Collection<UInt8>) {
            StateSealer.append(UInt64(part.count), bytes: 8, to: &text)
            text += part
        }
        add(payload)
        add(call.caller.agent.utf8)
        add(StateSealer.owner(call.caller.session))
        add(call.server.utf8)
        add(StateSealer.kind(call.operation))
        add(call.operation.item.utf8)
        if let arguments = call.arguments { add(arguments.readableBytesView) }
        return hash.tag(text)
    }

    private static func kind(_ operation: BackendOperation) -> [UInt8] {
        switch operation {
        case .tool: [1]
        case .prompt: [2]
        case .resource: [3]
        case .completion: [4]
        }
    }

    private static func owner(_ session: InstanceOwner?) -> [UInt8] {
        switch session {
        case nil: []
        case .agent(let name): [1] + Array(name.text.utf8)
        case .namedSession(let name): [2] + Array(name.text.utf8)
        case .tenant(let name): [5] + Array(name.text.utf8)
        case .namedAgent(let name): [4] + Array(name.text.utf8)
        case .session(let high, let low):
            [UInt8(3)].appending(high).appending(low)
        }
    }

    fileprivate static func append(_ number: UInt64, bytes: Int, to out: inout [UInt8]) {
        for index in (0..<bytes).reversed() { out.append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8))) }
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

extension [UInt8] {
    fileprivate func appending(_ number: UInt64) -> [UInt8] {
        var out = self
        StateSealer.append(number, bytes: 8, to: &out)
        return out
    }
}
