package import GateProtocol

/// Why a license message is refused. The message then counts as not received: nothing follows from it.
package enum WireError: Error, Sendable, Equatable, CustomStringConvertible {
    /// More bytes than any license message has.
    case tooLong(Int)
    case notJSON(JSONFault)
    /// Good JSON, but not in the one spelling that is signed.
    case notCanonical
    /// A member is missing, too much, of another kind or out of its range.
    case badMember(String)
    case unknownVersion(Int)
    /// The key with this id is not among the trusted ones, or is no longer.
    case untrustedKey(KeyID)
    case badSignature
    /// The signed message names another key than the one that signed it.
    case keyMismatch
    /// The message answers another question: nonce, license or instance differ.
    case notForUs(String)
    /// OpenSSL could not sign.
    case cannotSign

    package var description: String {
        switch self {
        case .tooLong(let bytes): "the message has \(bytes) bytes, more than the \(WireLimits.bytes) that are read"
        case .notJSON(let fault): "the message is not acceptable JSON: \(fault)"
        case .notCanonical: "the signed text is not in canonical form"
        case .badMember(let name): "the member \(name) is missing, too much or not as it must be"
        case .unknownVersion(let version):
            "the message has version \(version); version \(WireLimits.version) is understood"
        case .untrustedKey(let kid): "the key \(kid) that signed it is not trusted"
        case .badSignature: "the signature is wrong"
        case .keyMismatch: "the message names another key than the one that signed it"
        case .notForUs(let what): "the message is for another \(what)"
        case .cannotSign: "the message could not be signed"
        }
    }
}

/// Bounds of every license message.
package enum WireLimits {
    package static let version = 1
    /// A whole message as it travels.
    package static let bytes = 16 * 1024
    package static let json = JSONLimits(depth: 8, nodes: 512, members: 64)
    /// The last second of the year 9999.
    package static let times = 0...253_402_300_799
    /// What every reader of JSON can hold.
    package static let numbers = 0...9_007_199_254_740_991
}
