/// Why files of TLS cannot be used, in words for the operator.
package struct TLSProblem: Error, Equatable, CustomStringConvertible {
    /// The key of the configuration that names the file.
    package let key: String
    package let description: String

    init(_ key: String, _ description: String) {
        self.key = key
        self.description = description
    }
}
