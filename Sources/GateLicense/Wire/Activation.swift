package import GateProtocol

/// Asks for an entitlement: `POST /v1/activate`.
package struct ActivationRequest: LicenseMessage {
    package var key: LicenseKey
    /// Random, made and kept by the instance.
    package var instanceID: String
    package var nonce: Nonce
    /// The version of stonegate that asks.
    package var version: String

    package init(key: LicenseKey, instanceID: String, nonce: Nonce, version: String) {
        self.key = key
        self.instanceID = instanceID
        self.nonce = nonce
        self.version = version
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json)
        try reader.version()
        key = try reader.value("key") { try? LicenseKey($0) }
        instanceID = try reader.string("instance_id", where: WireText.isIdentifier)
        nonce = try reader.value("nonce") { Nonce($0) }
        version = try reader.string("version", where: WireText.isVisible)
        try reader.end()
    }

    /// Holds the key in the clear: for the body of the request alone.
    package var json: JSONValue {
        [
            "v": JSONValue(WireLimits.version), "key": .string(key.exposed), "instance_id": .string(instanceID),
            "nonce": .string(nonce.text), "version": .string(version),
        ]
    }
}

/// The answer to an ``ActivationRequest``.
package struct ActivationReply: SignedMessage {
    package static let kind = MessageKind.activation

    package var kid: KeyID
    package var nonce: Nonce
    package var licenseID: String
    package var instanceID: String
    package var serverTime: Int
    package var seq: Int
    /// An ``Entitlement``, with a signature of its own: it is kept when this reply is gone.
    package var entitlement: SignedEnvelope

    package init(
        kid: KeyID, nonce: Nonce, licenseID: String, instanceID: String, serverTime: Int, seq: Int,
        entitlement: SignedEnvelope
    ) {
        self.kid = kid
        self.nonce = nonce
        self.licenseID = licenseID
        self.instanceID = instanceID
        self.serverTime = serverTime
        self.seq = seq
        self.entitlement = entitlement
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
        entitlement = try SignedEnvelope(json: reader.object("entitlement"))
        try reader.end()
    }

    package var json: JSONValue {
        [
            "v": JSONValue(WireLimits.version), "kid": .string(kid.text), "nonce": .string(nonce.text),
            "license_id": .string(licenseID), "instance_id": .string(instanceID),
            "server_time": JSONValue(serverTime), "seq": JSONValue(seq), "entitlement": entitlement.json,
        ]
    }

    /// - Throws: ``WireError/notForUs(_:)`` when it answers another request.
    package func check(answers request: ActivationRequest) throws(WireError) {
        guard nonce == request.nonce else { throw .notForUs("request") }
        guard instanceID == request.instanceID else { throw .notForUs("instance") }
    }
}
