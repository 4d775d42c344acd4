import GateCore
import GateProtocol

/// The keys of an identity provider as it publishes them (RFC 7517, 5).
package struct KeySet: Sendable {
    package static let maxBytes = 256 * 1_024
    package static let maxKeys = 64

    package let keys: [JSONWebKey]
    private let byID: [ExactText: [Int]]
    private let thumbprints: Set<[UInt8]>

    /// Why a text is no set of keys that tokens can be verified with.
    package struct Fault: Error, Sendable, Equatable {
        package let words: String
    }

    /// Reads a set. Keys that verify no tokens here are left out: providers publish keys for other ends beside them.
    package init(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= KeySet.maxBytes else {
            throw Fault(words: "is larger than \(KeySet.maxBytes / 1_024) KiB")
        }
        let document: JSONValue
        do throws(JSONFault) {
            document = try JSONValue(parsing: bytes, limits: JSONLimits(depth: 8, nodes: 10_000, members: 1_000))
        } catch {
            throw Fault(words: "is not the JSON of a key set: \(error)")
        }
        guard let listed = document["keys"]?.arrayValue else { throw Fault(words: "has no array `keys`") }
        guard listed.count <= KeySet.maxKeys else {
            throw Fault(words: "has \(listed.count) keys, more than \(KeySet.maxKeys)")
        }
        let keys = listed.compactMap { JSONWebKey($0) }
        guard !keys.isEmpty else {
            throw Fault(
                words: "has no public key for signatures with RS256 (\(PublicKey.rsaBits.lowerBound) to "
                    + "\(PublicKey.rsaBits.upperBound) bits), ES256 or EdDSA (Ed25519)")
        }
        self.init(keys: keys)
    }

    init(keys: [JSONWebKey]) {
        self.keys = keys
        var byID: [ExactText: [Int]] = [:]
        for (index, key) in keys.enumerated() {
            if let id = key.id { byID[ExactText(id), default: []].append(index) }
        }
        self.byID = byID
        thumbprints = Set(keys.map(\.thumbprint))
    }

    /// The key of a token.
    ///
    /// - Parameter id: the token's `kid`, which is a name in this set and nothing else. Without one the set must leave no choice.
    /// - Returns: nil when there is none, or more than one: then it is nobody's word which of them was meant.
    func key(id: String?, _ algorithm: SignatureAlgorithm) -> JSONWebKey? {
        let named = id.map { id in (byID[ExactText(id)] ?? []).map { keys[$0] } } ?? keys
        let fitting = named.filter { $0.algorithm == algorithm }
        return fitting.count == 1 ? fitting[0] : nil
    }

    /// Whether a key has that name, whatever it is for.
    func hasKey(id: String?) -> Bool { id.map { byID[ExactText($0)] != nil } ?? true }

    /// Whether this is still one of the provider's keys.
    package func contains(thumbprint: [UInt8]) -> Bool { thumbprints.contains(thumbprint) }
}
