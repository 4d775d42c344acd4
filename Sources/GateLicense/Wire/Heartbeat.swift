package import GateProtocol

/// An instance is alive: `POST /v1/heartbeat`. What it tells beside the ids are numbers.
package struct HeartbeatRequest: LicenseMessage {
    package static let maximumCounters = 32

    package var licenseID: String
    package var instanceID: String
    package var nonce: Nonce
    package var version: String
    /// Rounded numbers by name; empty without telemetry.
    package var counters: [String: Int]

    package init(
        licenseID: String, instanceID: String, nonce: Nonce, version: String, counters: [String: Int] = [:]
    ) {
        self.licenseID = licenseID
        self.instanceID = instanceID
        self.nonce = nonce
        self.version = version
        self.counters = counters
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json)
        try reader.version()
        licenseID = try reader.string("license_id", where: WireText.isIdentifier)
        instanceID = try reader.string("instance_id", where: WireText.isIdentifier)
        nonce = try reader.value("nonce") { Nonce($0) }
        version = try reader.string("version", where: WireText.isVisible)
        let object = try reader.object("counters").objectValue ?? JSONObject()
        guard object.members.count <= HeartbeatRequest.maximumCounters else { throw .badMember("counters") }
        counters = [:]
        for member in object.members {
            guard WireText.isIdentifier(member.key), let value = member.value.intValue,
                WireLimits.numbers.contains(value)
            else { throw .badMember("counters") }
            counters[member.key] = value
        }
        try reader.end()
    }

    package var json: JSONValue {
        let counters = counters.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) }
        return [
            "v": JSONValue(WireLimits.version), "license_id": .string(licenseID), "instance_id": .string(instanceID),
            "nonce": .string(nonce.text), "version": .string(version), "counters": .object(JSONObject(counters)),
        ]
    }
}

/// The answer to a ``HeartbeatRequest``.
package struct HeartbeatReply: AuthorityReply {
    package static let kind = MessageKind.heartbeat

    package var head: ReplyHead
    /// A newer ``Entitlement``; none: the one that is known goes on until its end.
    package var entitlement: SignedEnvelope?
    package var command: LicenseCommand?

    package init(
        kid: KeyID, nonce: Nonce, licenseID: String, instanceID: String, serverTime: Int, seq: Int,
        entitlement: SignedEnvelope? = nil, command: LicenseCommand? = nil
    ) {
        head = ReplyHead(
            kid: kid, nonce: nonce, licenseID: licenseID, instanceID: instanceID, serverTime: serverTime, seq: seq)
        self.entitlement = entitlement
        self.command = command
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json)
        head = try ReplyHead(&reader)
        entitlement = nil
        if let json = reader.optional("entitlement") { entitlement = try SignedEnvelope(json: json) }
        command = nil
        if let json = reader.optional("command") { command = try LicenseCommand(json: json) }
        try reader.end()
    }

    package var json: JSONValue {
        var object = head.json
        if let entitlement { object["entitlement"] = entitlement.json }
        if let command { object["command"] = command.json }
        return .object(object)
    }

    /// - Throws: ``WireError/notForUs(_:)`` when it answers another request.
    package func check(answers request: HeartbeatRequest) throws(WireError) {
        try head.check(nonce: request.nonce, licenseID: request.licenseID, instanceID: request.instanceID)
    }
}
