/// The credential of the control plane: 256 random bits, made at the first start and kept in a file of the owner alone.
package struct AdminToken: Sendable {
    package static let fileName = "admin.token"
    private static let prefix = "sg_admin_"
    /// base64url.
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Where the token is kept.
    package let path: String
    private let secret: [UInt8]

    /// Reads the token, or makes it.
    ///
    /// - Throws: when the file can be read by others, belongs to somebody else or holds no token; the text says how to mend it.
    package static func load(directory: StateDirectory) throws(StateDirectoryError) -> AdminToken {
        let secret = try SecretFile(name: fileName, holds: "token", isValid: isToken, make: make).load(directory)
        return AdminToken(path: "\(directory.path)/\(fileName)", secret: secret)
    }

    private static func isToken(_ text: [UInt8]) -> Bool {
        text.count == prefix.utf8.count + 43 && text.starts(with: prefix.utf8)
            && text.dropFirst(prefix.utf8.count).allSatisfy(alphabet.contains)
    }

    /// Whether the request's `Authorization` value carries the token. Takes the same time wherever the first difference is.
    func matches(authorization: ArraySlice<UInt8>?) -> Bool {
        guard let authorization, authorization.count == 7 + secret.count else { return false }
        let scheme = authorization.prefix(7).map { $0 | 0x20 }
        guard scheme.elementsEqual("bearer ".utf8) else { return false }
        var difference: UInt8 = 0
        for (given, known) in zip(authorization.dropFirst(7), secret) { difference |= given ^ known }
        return difference == 0
    }

    /// 32 bytes of the system's generator as base64url.
    private static func make() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        // 42 symbols of 6 bits and one of 4: 256 bits.
        let symbols = (0..<42).map { _ in alphabet[Int.random(in: 0..<64, using: &random)] }
        return Array(prefix.utf8) + symbols + [alphabet[Int.random(in: 0..<16, using: &random) * 4]]
    }
}
