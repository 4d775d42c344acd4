import GateProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A secret that is made once and kept as a line of text in a file of the owner alone, where the operator can read it.
struct SecretFile: Sendable {
    let name: String
    /// What the file holds, in a word for messages.
    let holds: String
    let isValid: @Sendable ([UInt8]) -> Bool
    let make: @Sendable () -> [UInt8]

    /// Reads the secret, or makes it.
    ///
    /// - Throws: when the file can be read by others, belongs to somebody else or holds no such secret; the text says how to mend it.
    func load(_ directory: StateDirectory) throws(StateDirectoryError) -> [UInt8] {
        let path = "\(directory.path)/\(name)"
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
                throw refused("\(path) is not a file of yours. Remove it; a new \(holds) is made at the next start.")
            }
            guard status.st_mode & 0o077 == 0 else {
                throw refused(
                    "\(path) can be read by other users of this machine. Run: chmod 600 \(path) — or remove it, and a new "
                        + "\(holds) is made at the next start.")
            }
            let content = directory.read(name) ?? []
            let secret = Array(content.prefix { $0 != 0x0A && $0 != 0x0D && $0 != 0x20 })
            guard isValid(secret) else {
                throw refused("\(path) holds no \(holds). Remove it; a new one is made at the next start.")
            }
            return secret
        }
        let secret = make()
        do throws(GateError) {
            try directory.saveNow(name, secret + [0x0A])
        } catch {
            throw refused(error.message)
        }
        return secret
    }

    private func refused(_ description: String) -> StateDirectoryError {
        StateDirectoryError(description: description, isBusy: false, isExposed: true)
    }
}
