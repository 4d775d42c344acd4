package import GateProtocol

/// One text for all ways to write the same definition: members sorted by the bytes of their names, no blanks, the same escapes.
///
/// Numbers keep the text they were written with, and strings their bytes: nothing that an agent could tell apart becomes equal. The
/// order of members says nothing in JSON, and servers that keep them in hash tables change it with each start.
package enum CanonicalJSON {
    package static func bytes(_ value: JSONValue) -> [UInt8] { sorted(value).bytes }

    private static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map(sorted))
        case .object(let object):
            let members = object.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return .object(JSONObject(members.map { ($0.key, sorted($0.value)) }))
        default: return value
        }
    }
}
