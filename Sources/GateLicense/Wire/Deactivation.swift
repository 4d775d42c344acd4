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
package struct DeactivationReply: SignedMessage {
    package static let kind = MessageKind.deactivation

    package var kid: KeyID
    package var nonce: Nonce
    package var licenseID: String
    package var instanceID: String
    package var serverTime: Int
    package var seq: Int

    package init(kid: KeyID, nonce: Nonce, licenseID: String, instanceID: String, serverTime: Int, seq: Int) {
        self.kid = kid
        self.nonce = nonce
        self.licenseID = licenseID
        self.instanceID = instanceID
        self.serverTime = serverTime
        self.seq = seq
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json)
        try reader.version()
        kid = try reader.value("kid") { KeyID($0) }
        nonce = try reader.value("nonce") { Nonce($0) }
        licenseID = try reader.string("license_id", where: WireText.isIdentifier)
        instanceID = try reader.string("instance_id", where: WireText.isIdentifier)
        serverTime = try reader.time("server_time")
        seq = try reader.integer("seq", in: WireLimits.numbers)
        try reader.end()
    }

    package var json: JSONValue {
        [
            "v": JSONValue(WireLimits.version), "kid": .string(kid.text), "nonce": .string(nonce.text),
            "license_id": .string(licenseID), "instance_id": .string(instanceID),
            "server_time": JSONValue(serverTime), "seq": JSONValue(seq),
        ]
    }

    /// - Throws: ``WireError/notForUs(_:)`` when it answers another request.
    package func check(answers request: DeactivationRequest) throws(WireError) {
        guard nonce == request.nonce else { throw .notForUs("request") }
        guard licenseID == request.licenseID else { throw .notForUs("license") }
        guard instanceID == request.instanceID else { throw .notForUs("instance") }
    }
}
