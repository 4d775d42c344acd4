import GateCrypto
import GateCore
import GateProtocol

extension DefinitionDigest {
    /// The digest of a definition, however its members are ordered.
    init(of definition: JSONValue) { self.init(bytes: SHA256.hash(CanonicalJSON.bytes(definition))) }
}
