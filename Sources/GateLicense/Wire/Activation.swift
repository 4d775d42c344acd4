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
package struct ActivationReply: AuthorityReply {
    package static let kind = MessageKind.activation

    package var head: ReplyHead
    /// An ``Entitlement``, with a signature of its own: it is kept when this reply is gone.
    package var entitlement: SignedEnvelope

    package init(
        kid: KeyID, nonce: Nonce, licenseID: String, instanceID: String, serverTime: Int, seq: Int,
        entitlement: SignedEnvelope
    ) {
        head = ReplyHead(
            kid: kid, nonce: nonce, licenseID: licenseID, instanceID: instanceID, serverTime: serverTime, seq: seq)
        self.entitlement = entitlement
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json)
        head = try ReplyHead(&reader)
        entitlement = try SignedEnvelope(json: reader.object("entitlement"))
        try reader.end()
    }

    package var json: JSONValue {
        var object = head.json
        object["entitlement"] = entitlement.json
        return .object(object)
    }

    /// - Throws: ``WireError/notForUs(_:)`` when it answers another request.
    package func check(answers request: ActivationRequest) throws(WireError) {
        try head.check(nonce: request.nonce, licenseID: nil, instanceID: request.instanceID)
    }
}
