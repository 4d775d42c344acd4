/// The rule for names of agents and tenants.
package enum PrincipalName {
    package static let maxAgent = 64
    package static let maxTenant = 32

    /// - Returns: what is wrong with the name, or nil.
    package static func problem(_ name: String, maxBytes: Int) -> String? {
        let bytes = name.utf8
        guard let first = bytes.first else { return "must not be empty" }
        guard bytes.count <= maxBytes, first.isDigit || first.isLetter, bytes.allSatisfy(\.isNameByte) else {
            return
                "\(quoted(name)) is no name here: use 1 to \(maxBytes) letters, digits, '-', '_' and '.', beginning with a letter "
                + "or digit"
        }
        return nil
    }
}
