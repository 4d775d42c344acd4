import GateProtocol

/// How an authority answers an instance: which key signs, which request it answers, whose it is, and its place in the license's order.
package struct ReplyHead: Sendable, Equatable {
    package var kid: KeyID
    package var nonce: Nonce
    package var licenseID: String
    package var instanceID: String
    package var serverTime: Int
    package var seq: Int

    init(kid: KeyID, nonce: Nonce, licenseID: String, instanceID: String, serverTime: Int, seq: Int) {
        self.kid = kid
        self.nonce = nonce
        self.licenseID = licenseID
        self.instanceID = instanceID
        self.serverTime = serverTime
        self.seq = seq
    }

    init(_ reader: inout WireReader) throws(WireError) {
        try reader.version()
        kid = try reader.value("kid") { KeyID($0) }
        nonce = try reader.value("nonce") { Nonce($0) }
        licenseID = try reader.string("license_id", where: WireText.isIdentifier)
        instanceID = try reader.string("instance_id", where: WireText.isIdentifier)
        serverTime = try reader.time("server_time")
        seq = try reader.integer("seq", in: WireLimits.numbers)
    }

    var json: JSONObject {
        JSONObject([
            ("v", JSONValue(WireLimits.version)), ("kid", .string(kid.text)), ("nonce", .string(nonce.text)),
            ("license_id", .string(licenseID)), ("instance_id", .string(instanceID)),
            ("server_time", JSONValue(serverTime)), ("seq", JSONValue(seq)),
        ])
    }

    /// - Parameter licenseID: nil where the request does not know it yet.
    func check(nonce: Nonce, licenseID: String?, instanceID: String) throws(WireError) {
        guard self.nonce == nonce else { throw .notForUs("request") }
        guard licenseID == nil || self.licenseID == licenseID else { throw .notForUs("license") }
        guard self.instanceID == instanceID else { throw .notForUs("instance") }
    }
}

/// The answers that begin with a ``ReplyHead``.
package protocol AuthorityReply: SignedMessage {
    var head: ReplyHead { get set }
}

extension AuthorityReply {
    package var kid: KeyID {
        get { head.kid }
        set { head.kid = newValue }
    }
    package var nonce: Nonce {
        get { head.nonce }
        set { head.nonce = newValue }
    }
    package var licenseID: String {
        get { head.licenseID }
        set { head.licenseID = newValue }
    }
    package var instanceID: String {
        get { head.instanceID }
        set { head.instanceID = newValue }
    }
    package var serverTime: Int {
        get { head.serverTime }
        set { head.serverTime = newValue }
    }
    package var seq: Int {
        get { head.seq }
        set { head.seq = newValue }
    }
}
