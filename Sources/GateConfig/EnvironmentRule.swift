/// Which environment variables a backend may be given.
enum EnvironmentRule {
    /// - Parameter isRequest: whether somebody adds the backend over the network. Then variables are refused that make
    ///   the loader, a shell or an interpreter run code of another's choice: the command shown for approval would not be
    ///   what runs. The owner of the configuration file may set them.
    static func problem(name: String, value: String, isRequest: Bool) -> String? {
        let bytes = name.utf8
        guard let first = bytes.first, !first.isDigit, bytes.count <= 256,
            bytes.allSatisfy({ $0.isVariableByte || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") })
        else {
            return "is no name of an environment variable: use letters, digits and '_', not beginning with a digit"
        }
        if value.utf8.contains(0) { return "must not hold the character U+0000" }
        if isRequest, isCodeInjection(name) {
            return "may not be set by a request, because it can make the program run other code; "
                + "set it in the configuration file"
        }
        return nil
    }

    private static let names: Set<String> = ["BASH_ENV", "ENV", "NODE_OPTIONS", "RUBYOPT", "IFS", "PATH"]
    private static let prefixes = ["LD_", "DYLD_", "PYTHON", "PERL5", "GIT_"]

    private static func isCodeInjection(_ name: String) -> Bool {
        let upper = String(decoding: name.utf8.map(\.uppercased), as: UTF8.self)
        return names.contains(upper) || prefixes.contains { upper.utf8.starts(with: $0.utf8) }
    }
}
