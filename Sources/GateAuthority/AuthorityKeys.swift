import GateCrypto
import GateLicense
import GateProtocol

/// The secret keys of an authority and how it came to them: a value, kept as one file so that a rotation is all or nothing.
struct AuthorityKeys: Sendable {
    private static let version = 1
    private let activeSeed: [UInt8]
    private let nextSeed: [UInt8]
    /// What signs.
    let active: SigningKeyPair
    /// What will sign after the next rotation; gateways know it already.
    let next: SigningKeyPair
    /// How gateways that know an older key come to this one, oldest first.
    let rotations: [SignedEnvelope]

    static func make(using random: inout some RandomNumberGenerator) throws(AuthorityError) -> AuthorityKeys {
        try AuthorityKeys(active: newSeed(&random), next: newSeed(&random), rotations: [])
    }

    /// The next key becomes the active one, said by the old one, and there is a new next one.
    func rotated(at now: Int, using random: inout some RandomNumberGenerator) throws(AuthorityError) -> AuthorityKeys {
        let made = try AuthorityKeys(active: nextSeed, next: AuthorityKeys.newSeed(&random), rotations: [])
        let rotation = KeyRotation(
            kid: active.kid, active: made.active.verification, next: made.next.verification, issuedAt: now)
        let sealed: SignedEnvelope
        do throws(WireError) {
            sealed = try active.seal(rotation)
        } catch {
            throw AuthorityError(.storage, "The rotation could not be signed: \(error).")
        }
        return try AuthorityKeys(
            active: made.activeSeed, next: made.nextSeed,
            rotations: (rotations + [sealed]).suffix(Delivery.maximumRotations))
    }

    /// For `[license] trusted_keys`.
    var trustedKeys: [String] { [active.verification.licenseText, next.verification.licenseText] }

    func deliver<Message: SignedMessage>(_ message: Message) throws(WireError) -> Delivery {
        Delivery(message: try active.seal(message), rotations: rotations)
    }

    private init(active: [UInt8], next: [UInt8], rotations: some Sequence<SignedEnvelope>) throws(AuthorityError) {
        guard active != next, let first = SigningKey(seed: active), let second = SigningKey(seed: next) else {
            throw AuthorityError(.directory, "The authority's keys are no keys.")
        }
        activeSeed = active
        nextSeed = next
        self.active = SigningKeyPair(first)
        self.next = SigningKeyPair(second)
        self.rotations = Array(rotations)
    }

    private static func newSeed(_ random: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<SigningKey.bytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    // MARK: As a file

    /// - Returns: nil for what ``fileContent`` does not write.
    init?(fileContent: [UInt8]) {
        guard let json = try? JSONValue(parsing: fileContent, limits: JSONLimits(depth: 8, nodes: 1_000)),
            json["v"]?.intValue == AuthorityKeys.version,
            let active = json["active"]?.stringValue.flatMap({ Hex.decode($0.utf8) }),
            let next = json["next"]?.stringValue.flatMap({ Hex.decode($0.utf8) }),
            let list = json["rotations"]?.arrayValue
        else { return nil }
        var rotations: [SignedEnvelope] = []
        for json in list.suffix(Delivery.maximumRotations) {
            guard let rotation = try? SignedEnvelope(json: json) else { return nil }
            rotations.append(rotation)
        }
        guard let keys = try? AuthorityKeys(active: active, next: next, rotations: rotations) else { return nil }
        self = keys
    }

    var fileContent: [UInt8] {
        let json: JSONValue = [
            "v": JSONValue(AuthorityKeys.version), "active": .string(Hex.encode(activeSeed)),
            "next": .string(Hex.encode(nextSeed)), "rotations": .array(rotations.map(\.json)),
        ]
        return json.bytes + [0x0A]
    }
}

extension AuthorityKeys: CustomStringConvertible, CustomReflectable {
    var description: String { "AuthorityKeys(\(active.kid))" }
    var customMirror: Mirror { Mirror(reflecting: description) }
}
