/// The rule for patterns of what a caller may use: `server/name`, or `*` for everything.
package enum AccessRule {
    package static let maxBytes = 512

    /// - Returns: what is wrong with the pattern, or nil.
    package static func problem(_ pattern: String) -> String? {
        guard !pattern.isEmpty else { return "must not be empty; \"*\" stands for everything" }
        guard pattern.utf8.count <= maxBytes, pattern.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            return "must have at most \(maxBytes) bytes and no control characters"
        }
        guard pattern != "*" else { return nil }
        guard let slash = pattern.utf8.firstIndex(of: UInt8(ascii: "/")), slash != pattern.utf8.startIndex,
            pattern.utf8.index(after: slash) != pattern.utf8.endIndex
        else {
            return
                "must say server and name, as \(quoted(pattern + "/*")) for all of a server or \(quoted("*/" + pattern)) for "
                + "that name at every server"
        }
        return nil
    }
}
