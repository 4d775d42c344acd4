import GateCore
package import GateProtocol

/// Everything that is kept of the license between runs.
package struct LicenseRecord: Sendable, Equatable {
    package var state: LicenseState
    /// The entitlement as it was signed: it is verified at every start.
    package var envelope: SignedEnvelope?
    package var rotations: [SignedEnvelope]
    package var used: [KeyID]
    /// When the license server last answered, in seconds since 1970.
    package var lastAnswer: Int?

    package init(
        state: LicenseState, envelope: SignedEnvelope? = nil, rotations: [SignedEnvelope] = [], used: [KeyID] = [],
        lastAnswer: Int? = nil
    ) {
        self.state = state
        self.envelope = envelope
        self.rotations = rotations
        self.used = used
        self.lastAnswer = lastAnswer
    }

    private static let version = 1

    package var json: JSONValue {
        var object = JSONObject([("v", .init(LicenseRecord.version)), ("state", state.json)])
        if let envelope { object["entitlement"] = envelope.json }
        object["rotations"] = .array(rotations.map(\.json))
        object["keys"] = .array(used.map { .string($0.text) })
        if let lastAnswer { object["last_answer"] = .init(lastAnswer) }
        return .object(object)
    }

    /// - Parameters:
    ///   - bytes: what ``json`` was written as.
    ///   - open: gives the kept entitlement when a key that is trusted has signed it.
    /// - Returns: nil when it is nothing that this version has written.
    package init?(bytes: [UInt8], open: (LicenseRecord) -> Entitlement?) {
        guard let json = try? JSONValue(parsing: bytes, limits: JSONLimits(depth: 8, nodes: 10_000)),
            json["v"]?.intValue == LicenseRecord.version, let state = json["state"],
            let bare = LicenseState(json: state, terms: nil)
        else { return nil }
        self.init(state: bare)
        envelope = json["entitlement"].flatMap { try? SignedEnvelope(json: $0) }
        rotations = (json["rotations"]?.arrayValue ?? []).compactMap { try? SignedEnvelope(json: $0) }
        used = (json["keys"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap { KeyID($0) } }
        lastAnswer = json["last_answer"]?.intValue.flatMap { WireLimits.times.contains($0) ? $0 : nil }
        guard let terms = open(self), let full = LicenseState(json: state, terms: terms) else { return }
        self.state = full
    }
}
