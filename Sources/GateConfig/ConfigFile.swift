/// The content of a configuration file.
package struct ConfigFile: Sendable, Equatable {
    /// As the user named it; messages show it so.
    package var path: String
    package var bytes: [UInt8]
    /// Permission bits; nil when the content does not come from a file.
    package var mode: UInt32?

    package init(path: String, bytes: [UInt8], mode: UInt32? = nil) {
        self.path = path
        self.bytes = bytes
        self.mode = mode
    }

    /// Reads the file, at most one byte more than a configuration may have.
    ///
    /// - Returns: nil when there is no such file.
    /// - Throws: a problem when it cannot be read or is no regular file.
    package static func read(_ path: String) throws(ConfigProblem) -> ConfigFile? {
        let file: RegularFile?
        do throws(ConfigMessage) { file = try RegularFile.read(path, limit: TOMLReader.maxBytes) } catch {
            throw ConfigProblem(origin: .file(path: path, line: nil, column: nil), key: "", message: error.text)
        }
        return file.map { ConfigFile(path: path, bytes: $0.bytes, mode: $0.mode) }
    }
}

extension LoadedConfig {
    /// What to tell the owner when others on the machine can read secrets in the file; nil when all is well.
    ///
    /// - Parameter mode: the file's permission bits (`ConfigFile.mode`).
    package func exposureWarning(mode: UInt32?) -> String? {
        guard let path, let mode, mode & 0o044 != 0, let first = literalSecrets.first else { return nil }
        let others = literalSecrets.count > 1 ? " and \(literalSecrets.count - 1) more" : ""
        return "\(path) holds secrets (\(first)\(others)) and can be read by other users of this machine; "
            + "run: chmod 600 \(path), or move them to environment variables and write ${NAME}, or to files and write ${file:/path}"
    }
}
