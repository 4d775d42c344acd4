import GateProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

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
        let path = "\(directory.path)/\(fileName)"
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
                throw StateDirectoryError(
                    description: "\(path) is not a file of yours. Remove it; a new token is made at the next start.",
                    isBusy: false)
            }
            guard status.st_mode & 0o077 == 0 else {
                throw StateDirectoryError(
                    description:
                        "\(path) can be read by other users of this machine. Run: chmod 600 \(path) — or remove "
                        + "it, and a new token is made at the next start.", isBusy: false)
            }
            let content = directory.read(fileName) ?? []
            let token = content.prefix { $0 != 0x0A && $0 != 0x0D && $0 != 0x20 }
            guard token.count == prefix.utf8.count + 43, token.starts(with: prefix.utf8),
                token.dropFirst(prefix.utf8.count).allSatisfy(alphabet.contains)
            else {
                throw StateDirectoryError(
                    description: "\(path) holds no token. Remove it; a new one is made at the next start.",
                    isBusy: false)
            }
            return AdminToken(path: path, secret: Array(token))
        }
        let token = make()
        do throws(GateError) {
            try directory.saveNow(fileName, token + [0x0A])
        } catch {
            throw StateDirectoryError(description: error.message, isBusy: false)
        }
        return AdminToken(path: path, secret: token)
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
