package import GateProtocol

/// A license message, signed or not.
package protocol LicenseMessage: Sendable, Equatable {
    var json: JSONValue { get }
    /// - Throws: when a member is missing, unknown or out of range.
    init(json: JSONValue) throws(WireError)
}

extension LicenseMessage {
    /// Reads a message that is not signed, in any spelling of JSON.
    package init(bytes: [UInt8]) throws(WireError) { try self.init(json: WireText.decode(bytes)) }

    package var bytes: [UInt8] { json.bytes }
}

/// A message that an authority signs.
package protocol SignedMessage: LicenseMessage {
    static var kind: MessageKind { get }
    /// The key that signs it; the envelope must name the same.
    var kid: KeyID { get }
}
