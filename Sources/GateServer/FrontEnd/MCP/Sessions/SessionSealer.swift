import GateConfig
import GateCore
import GateProtocol

/// Turns sessions into ids and back. An id is visible ASCII (base64url) and cannot be made, or changed, without the key.
package struct SessionSealer: Sendable {
    private static let format: UInt8 = 3
    private static let fixedBytes = 33
    private static let boundFlag: UInt8 = 1
    /// A name that somebody gives itself has fewer: an agent's and its tenant's, with a `/`.
    static let maxAgentBytes = PrincipalName.maxTenant + 1 + PrincipalName.maxAgent
    /// No id is longer; longer ones are not looked at.
    private static let maxIDBytes = 256

    private let hash: KeyedHash

    /// - Parameter key: 32 secret bytes, kept over restarts so that sessions outlive them.
    /// - Returns: nil for a key of another length.
    package init?(key: [UInt8]) {
        guard let hash = KeyedHash(key: key) else { return nil }
        self.hash = hash
    }

    /// The id of a session.
    func seal(_ session: MCPSession) -> String {
        var payload: [UInt8] = [SessionSealer.format, SessionSealer.code(session.version)]
        payload.reserveCapacity(SessionSealer.fixedBytes + SessionSealer.maxAgentBytes)
        payload.append(UInt8(truncatingIfNeeded: session.capabilities.rawValue >> 8))
        payload.append(UInt8(truncatingIfNeeded: session.capabilities.rawValue))
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            payload.append(UInt8(truncatingIfNeeded: session.run >> shift))
        }
        payload.append(session.isBound ? SessionSealer.boundFlag : 0)
        for word in [session.id.high, session.id.low, UInt64(bitPattern: session.issued)] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                payload.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        payload.append(contentsOf: session.agent.utf8.prefix(SessionSealer.maxAgentBytes))
        return Base64.encodeURL(hash.tag(payload) + payload)
    }

    /// The session of an id; nil when the id was not made with this key.
    package func open(_ id: ArraySlice<UInt8>) -> MCPSession? {
        guard id.count <= SessionSealer.maxIDBytes, let bytes = Base64.decodeURL(id),
            bytes.count >= KeyedHash.tagBytes + SessionSealer.fixedBytes
        else { return nil }
        let payload = Array(bytes[KeyedHash.tagBytes...])
        guard KeyedHash.equal(hash.tag(payload), bytes[..<KeyedHash.tagBytes]), payload[0] == SessionSealer.format,
            let version = SessionSealer.version(payload[1])
        else { return nil }
        let words = (0..<3).map { index in
            payload[(9 + index * 8)..<(17 + index * 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        return MCPSession(
            id: .init(high: words[0], low: words[1]), version: version,
            agent: String(decoding: payload[SessionSealer.fixedBytes...], as: UTF8.self),
            isBound: payload[8] & SessionSealer.boundFlag != 0,
            capabilities: ClientCapabilities(rawValue: UInt16(payload[2]) << 8 | UInt16(payload[3])),
            issued: Int64(bitPattern: words[2]), run: payload[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }

    private static func code(_ version: ProtocolVersion) -> UInt8 {
        switch version {
        case .v2024_11_05: 1
        case .v2025_03_26: 2
        case .v2025_06_18: 3
        case .v2025_11_25, .v2026_07_28: 4
        }
    }

    private static func version(_ code: UInt8) -> ProtocolVersion? {
        switch code {
        case 1: .v2024_11_05
        case 2: .v2025_03_26
        case 3: .v2025_06_18
        case 4: .v2025_11_25
        default: nil
        }
    }
}
