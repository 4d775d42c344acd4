package import GateProtocol

/// Gives an instance's seat back: `POST /v1/deactivate`.
package struct DeactivationRequest: LicenseMessage {
    package var licenseID: String
    package var instanceID: String
    package var nonce: Nonce

    package init(licenseID: String, instanceID: String, nonce: Nonce) {
        self.licenseID = licenseID
        self.instanceID = instanceID
        self.nonce = nonce
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json)
        try reader.version()
        licenseID = try reader.string("license_id", where: WireText.isIdentifier)
        instanceID = try reader.string("instance_id", where: WireText.isIdentifier)
        nonce = try reader.value("nonce") { Nonce($0) }
        try reader.end()
    }

    package var json: JSONValue {
        [
            "v": JSONValue(WireLimits.version), "license_id": .string(licenseID), "instance_id": .string(instanceID),
            "nonce": .string(nonce.text),
        ]
    }
}

/// The answer to a ``DeactivationRequest``: the seat is free.
package struct DeactivationReply: AuthorityReply {
    package static let kind = MessageKind.deactivation

    package var head: ReplyHead

    package init(kid: KeyID, nonce: Nonce, licenseID: String, instanceID: String, serverTime: Int, seq: Int) {
        head = ReplyHead(
            kid: kid, nonce: nonce, licenseID: licenseID, instanceID: instanceID, serverTime: serverTime, seq: seq)
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json)
        head = try ReplyHead(&reader)
        try reader.end()
    }

    package var json: JSONValue { .object(head.json) }

    /// - Throws: ``WireError/notForUs(_:)`` when it answers another request.
    package func check(answers request: DeactivationRequest) throws(WireError) {
        try head.check(nonce: request.nonce, licenseID: request.licenseID, instanceID: request.instanceID)
    }
}
