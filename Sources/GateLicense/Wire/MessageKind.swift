/// The kinds of signed messages. Each has a domain of its own, so that no signature fits a message of another kind.
package enum MessageKind: String, Sendable, CaseIterable {
    case entitlement = "stonegate.entitlement.v1"
    case activation = "stonegate.activation.v1"
    case heartbeat = "stonegate.heartbeat.v1"
    case deactivation = "stonegate.deactivation.v1"
    case keyRotation = "stonegate.key-rotation.v1"

    /// What is signed: the domain, a line feed, the payload.
    package func signedBytes(_ payload: [UInt8]) -> [UInt8] {
        Array(rawValue.utf8) + [0x0A] + payload
    }
}
